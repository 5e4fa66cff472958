import { createHash, type KeyObject } from 'node:crypto'
import { z } from 'zod'
import type { VerificationKey } from '../metadata/requirements/document.ts'
import { openJws, signJws, verifiesWith } from '../metadata/requirements/jws.ts'
import { thumbprint } from '../metadata/requirements/signing-keys.ts'
import { GatewayError } from '../model/errors.ts'
import { gatewaySchema } from './schema.ts'

/** What somebody who may sign policies has signed: these files, and no others. */
export interface PolicyBundle {
  /** Rises with every bundle; a lower one never takes effect again. */
  readonly revision: number
  /** Seconds since 1970. */
  readonly issuedAt: number
  /** SHA-256 of the schema for which they were checked, base64url. */
  readonly schema: string
  /** SHA-256 of each file, base64url, by its name. */
  readonly files: Readonly<Record<string, string>>
}

/** The schema of this gateway, as a bundle names it. */
export function schemaDigest(): string {
  return createHash('sha256').update(gatewaySchema()).digest('base64url')
}

/** As it stands beside the files, `bundle.jws`: compact, EdDSA with Ed25519. */
export function signBundle(bundle: PolicyBundle, key: KeyObject): string {
  return signJws(bundleSchema.parse(bundle), TYPE, key).jws
}

/** Reads a bundle, whoever signed it. Throws `policy-invalid`. */
export function readBundle(bytes: Buffer): PolicyBundle {
  return opened(bytes).bundle
}

/**
 * A bundle that one of the keys signed, of exactly these files. Throws `policy-invalid` with the reason
 * `bundle-unsigned`, `bundle-malformed`, `wrong-key`, `bad-signature`, `bundle-schema` or `bundle-files`.
 */
export function verifyBundle(
  { bundle: bytes, digests }: SignedFiles,
  keys: readonly VerificationKey[],
): PolicyBundle {
  if (bytes === undefined) throw refusal('bundle-unsigned')
  const { bundle, signed } = opened(bytes)
  const verdict = verifiesWith(signed, keys)
  if (verdict !== 'verified') throw refusal(verdict)
  if (bundle.schema !== schemaDigest()) throw refusal('bundle-schema')
  const names = new Set([...digests.keys(), ...Object.keys(bundle.files)])
  for (const name of names)
    if (bundle.files[name] !== digests.get(name)) throw refusal('bundle-files')
  return bundle
}

/** Files as they were read, with the bundle that stood beside them. */
export interface SignedFiles {
  readonly bundle: Buffer | undefined
  /** SHA-256, base64url, by name. */
  readonly digests: ReadonlyMap<string, string>
}

/** The key that `policyKeys` in postern.yaml names: 32 octets, base64url. */
export function bundleKey(x: string): VerificationKey {
  return { kty: 'OKP', crv: 'Ed25519', x, kid: thumbprint(x), use: 'sig', alg: 'EdDSA' }
}

function opened(bytes: Buffer) {
  const found = openJws(bytes, { typ: TYPE, bytesMax: BYTES_MAX, depthMax: 2 })
  if (found.kind === 'malformed') throw refusal('bundle-malformed')
  const parsed = bundleSchema.safeParse(found.payload)
  if (!parsed.success) throw refusal('bundle-malformed')
  return { bundle: parsed.data, signed: found.signed }
}

function refusal(reason: string): GatewayError {
  return new GatewayError('policy-invalid', { facts: { reason } })
}

const bundleSchema = z.strictObject({
  revision: z.int().min(1),
  issuedAt: z.int().min(0),
  schema: z.string().regex(/^[A-Za-z0-9_-]{43}$/),
  files: z.record(
    z.string().regex(/^[A-Za-z0-9_-][A-Za-z0-9._-]{0,127}$/),
    z.string().regex(/^[A-Za-z0-9_-]{43}$/),
  ),
})
const TYPE = 'postern-policies+jws'
const BYTES_MAX = 262_144
