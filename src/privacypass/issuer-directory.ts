import { z } from 'zod'
import { GatewayError } from '../model/errors.ts'
import { paddedBase64url, readBase64url } from './base64url.ts'

/** One key of an issuer. */
export interface DirectoryKey {
  /** The code of a token type, known here or not. */
  readonly tokenType: number
  /** The public key in the encoding of its type. */
  readonly tokenKey: Buffer
  /** Before this time, in seconds since the Unix epoch, it is not to be used. */
  readonly notBeforeSeconds?: number | undefined
  /** What its tokens are for, where an issuer has keys for several ends: a field of our own, at most 64 characters. */
  readonly tokenClass?: string | undefined
}

/** What an issuer publishes about itself; the first key of a type is the preferred one. RFC 9578 §4 */
export interface IssuerDirectory {
  /** Absolute, or relative to the directory's own URL. */
  readonly issuerRequestUri: string
  readonly tokenKeys: readonly DirectoryKey[]
}

export function writeIssuerDirectory({ issuerRequestUri, tokenKeys }: IssuerDirectory): Buffer {
  const document: z.input<typeof directorySchema> = {
    'issuer-request-uri': issuerRequestUri,
    'token-keys': tokenKeys.map(({ tokenType, tokenKey, notBeforeSeconds, tokenClass }) => ({
      'token-type': tokenType,
      'token-key': paddedBase64url(tokenKey),
      'not-before': notBeforeSeconds,
      'postern-class': tokenClass,
    })),
  }
  return Buffer.from(JSON.stringify(document))
}

/**
 * Reads a directory of at most 65,536 octets and 32 keys; fields that are not known here are passed
 * over. Throws `directory-invalid`. RFC 9578 §4
 */
export function readIssuerDirectory(bytes: Uint8Array): IssuerDirectory {
  const parsed = directorySchema.safeParse(parseJson(bytes))
  if (!parsed.success) throw new GatewayError('directory-invalid')
  return {
    issuerRequestUri: parsed.data['issuer-request-uri'],
    tokenKeys: parsed.data['token-keys'].map((entry) => ({
      tokenType: entry['token-type'],
      tokenKey: readKey(entry['token-key']),
      notBeforeSeconds: entry['not-before'],
      tokenClass: entry['postern-class'],
    })),
  }
}

function parseJson(bytes: Uint8Array): unknown {
  if (bytes.length > DIRECTORY_BYTES_MAX) throw new GatewayError('directory-invalid')
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch {
    throw new GatewayError('directory-invalid')
  }
}

function readKey(text: string): Buffer {
  const bytes = readBase64url(text, TOKEN_KEY_BYTES_MAX)
  if (bytes === undefined || bytes.length === 0) throw new GatewayError('directory-invalid')
  return bytes
}

const directorySchema = z.object({
  'issuer-request-uri': z.string().min(1).max(1_024),
  'token-keys': z
    .array(
      z.object({
        'token-type': z.int().min(0).max(0xffff),
        'token-key': z.string().max(4_096),
        'not-before': z.int().min(0).optional(),
        'postern-class': z.string().max(64).optional(),
      }),
    )
    .max(32),
})

export const issuerDirectoryPath = '/.well-known/private-token-issuer-directory'
const DIRECTORY_BYTES_MAX = 65_536
const TOKEN_KEY_BYTES_MAX = 2_048
