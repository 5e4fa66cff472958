import { createHash } from 'node:crypto'
import { compareForms, type FieldName, type Form } from '../model/metadata.ts'

/** A value that stands in no other place, so that wherever it turns up, it came from there. */
export interface Canary {
  /** Where it was put, for people: `keyMaterial request consent.edge`. */
  readonly place: string
  /** What it tells; empty where no field stands for it, so that it may go nowhere. */
  readonly fields: readonly FieldName[]
  /** The form in which it tells it. */
  readonly form: Form
  readonly value: Buffer
  /** Where it was put; `both`: what the gateway makes of an answer stands in other requests too. */
  readonly part: 'request' | 'response' | 'both'
}

export type Part = 'request' | 'response'

/** Makes canaries out of a seed: the same ones again, and no two alike. */
export interface CanaryMaker {
  /** A word of lower-case letters, digits and hyphens. */
  word(name: string): string
  /** Octets that are no text. */
  octets(name: string, count: number): Buffer
}

export function canaryMaker(seed: string): CanaryMaker {
  let made = 0
  const next = (name: string) => {
    made += 1
    return createHash('sha256')
      .update(JSON.stringify([seed, made, name]))
      .digest()
  }
  return {
    word: (name) => `canary-${name}-${next(name).toString('hex').slice(0, 16)}`,
    octets: (name, count) => {
      const blocks = Array.from({ length: Math.ceil(count / 32) }, () => next(name))
      return Buffer.concat(blocks).subarray(0, count)
    },
  }
}

/** Whether the bytes hold the value, as it is or in a common encoding. */
export function holds(bytes: Buffer, value: Buffer): boolean {
  return encodings(value).some((encoded) => bytes.includes(encoded))
}

/** Whether a canary may be where at most `most` of one of its fields is shown. */
export function isAllowed({ fields, form }: Canary, most: (field: FieldName) => Form): boolean {
  return fields.some((field) => compareForms(form, most(field)) <= 0)
}

/** Base64 depends on what stands before: the middle of each of its three shifts is looked for. */
function encodings(value: Buffer): readonly Buffer[] {
  const known = remembered.get(value)
  if (known !== undefined) return known
  const hex = value.toString('hex')
  const base64 = [0, 1, 2].map((shift) => {
    const text = Buffer.concat([Buffer.alloc(shift), value]).toString('base64')
    return text.slice(shift === 0 ? 0 : 4, text.length - 4)
  })
  const url = base64.map((text) => text.replaceAll('+', '-').replaceAll('/', '_'))
  const texts = [hex, hex.toUpperCase(), ...base64, ...url].map((text) => Buffer.from(text))
  const found = [value, ...texts, Buffer.from(encodeURIComponent(value.toString('latin1')))]
  remembered.set(value, found)
  return found
}

const remembered = new WeakMap<Buffer, readonly Buffer[]>()
