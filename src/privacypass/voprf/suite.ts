import { createHash } from 'node:crypto'
import type { OprfGroup } from './group.ts'

/** A group with the tags of one mode. */
export interface OprfSuite {
  readonly group: OprfGroup
  readonly tags: {
    readonly hashToElement: Buffer
    readonly hashToScalar: Buffer
    readonly seed: Buffer
  }
}

/** `oprf` has no proof, `voprf` proves that one key made all answers. RFC 9497 §3.1 */
export type OprfMode = keyof typeof MODES

/** The context string of a mode and what begins with it. RFC 9497 §3.1, §4 */
export function oprfSuite(group: OprfGroup, mode: OprfMode): OprfSuite {
  const tag = (purpose: string): Buffer =>
    Buffer.from(`${purpose}-OPRFV1-${MODES[mode]}-${group.identifier}`)
  return {
    group,
    tags: {
      hashToElement: tag('HashToGroup'),
      hashToScalar: tag('HashToScalar'),
      seed: tag('Seed'),
    },
  }
}

export function elementOfInput({ group, tags }: OprfSuite, input: Uint8Array): Buffer {
  return group.hashToElement(input, tags.hashToElement)
}

/** The output for an input and its element times the key. RFC 9497 §3.3.1, the end of `Finalize` */
export function outputOf({ group }: OprfSuite, input: Uint8Array, evaluated: Buffer): Buffer {
  return createHash(group.hash).update(lengthPrefixed(input, evaluated)).update('Finalize').digest()
}

/** Each part behind its length in two octets. */
export function lengthPrefixed(...parts: readonly Uint8Array[]): Buffer {
  return Buffer.concat(parts.flatMap((part) => [twoOctets(part.length), part]))
}

/** `I2OSP(value, 2)`. RFC 8017 §4.1 */
export function twoOctets(value: number): Buffer {
  const octets = Buffer.alloc(2)
  octets.writeUInt16BE(value)
  return octets
}

const MODES = { oprf: '\x00', voprf: '\x01' } as const
