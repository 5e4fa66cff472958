import { z } from 'zod'
import { tokenTypeOf, type TokenType } from '../../src/privacypass/token-type.ts'
import { fromHex } from './hex.ts'
import { vectorJson } from './vectors.ts'

const hex = z.string().transform(fromHex)
const common = { token_challenge: hex, nonce: hex, blind: hex, salt: hex.nullish(), token: hex }
const keys = {
  skS: hex.optional(),
  pkS: hex.optional(),
  sk_s: hex.optional(),
  pk_s: hex.optional(),
}
const exchange = { token_request: hex, token_response: hex }
const typeName = { type: z.string().optional(), token_type: z.string().optional() }

const issuance = z.object({ ...common, ...keys, ...typeName })
const single = z.object({ ...common, ...keys, ...exchange })
const batch = z.object({ issuance: z.array(issuance), ...exchange })
const amortized = z.object({
  ...keys,
  ...exchange,
  token_challenge: hex,
  nonces: z.array(hex),
  blinds: z.array(hex),
  tokens: z.array(hex),
})

/** The keys of a vector, whose names differ between its sources. */
export function vectorKeys(vector: {
  readonly skS?: Buffer | undefined
  readonly sk_s?: Buffer | undefined
  readonly pkS?: Buffer | undefined
  readonly pk_s?: Buffer | undefined
}): { readonly secretKey: Buffer; readonly publicKey: Buffer } {
  const secretKey = vector.skS ?? vector.sk_s
  const publicKey = vector.pkS ?? vector.pk_s
  if (secretKey === undefined || publicKey === undefined) throw new Error('a vector without keys')
  return { secretKey, publicKey }
}

/** The token type of one issuance in a batch. */
export function vectorType({ type, token_type }: z.infer<typeof issuance>): TokenType {
  const known = tokenTypeOf(Number.parseInt(type ?? token_type ?? '', 16))
  if (known === undefined) throw new Error('a vector of an unknown type')
  return known
}

export type SingleVector = z.infer<typeof single>
export type BatchVector = z.infer<typeof batch>
export type AmortizedVector = z.infer<typeof amortized>

/** Vectors of one token each. Empty where the files are absent. */
export function singleVectors(name: string): readonly SingleVector[] {
  return z.array(single).parse(read(name))
}

/** Vectors of generic batches. */
export function batchVectors(name: string): readonly BatchVector[] {
  return z.array(batch).parse(read(name))
}

/** Vectors of amortized batches. */
export function amortizedVectors(name: string): readonly AmortizedVector[] {
  return z.array(amortized).parse(read(name))
}

function read(name: string): unknown {
  return vectorJson(`ratelimit/${name}.json`) ?? []
}
