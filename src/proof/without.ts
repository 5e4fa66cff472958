import type { TransformName, Transforms } from '../metadata/transforms.ts'

/** The transforms with the identity in the place of one: what there is is what is shown. */
export function without(transforms: Transforms, removed: TransformName | undefined): Transforms {
  return removed === undefined ? transforms : { ...transforms, [removed]: identity }
}

function identity<T>(value: T): T {
  return value
}
