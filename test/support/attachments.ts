import { createCipheriv, hash, randomBytes } from 'node:crypto'
import type { ExternalPart } from '../../src/wire/cbor/content-part.ts'

/** A picture, as far as its first octets go, with words to look for. */
export const picture = Buffer.concat([
  Buffer.from('89504e470d0a1a0a', 'hex'),
  Buffer.from('attachment-canary '.repeat(100)),
])

export interface SealedAttachment {
  /** What a host keeps. */
  readonly octets: Buffer
  readonly part: ExternalPart
  /** Other content under the same key and nonce: it opens as well. */
  readonly swapped: (content: Buffer) => Buffer
}

/** Content as a client seals it before it is uploaded: AES-128-GCM, and SHA-256 of what is uploaded. */
export function sealAttachment(
  content: Buffer,
  url: string,
  change: Partial<ExternalPart> = {},
): SealedAttachment {
  const [key, nonce] = [randomBytes(16), randomBytes(12)]
  const aad = Buffer.from('a room')
  const seal = (plaintext: Buffer) => {
    const cipher = createCipheriv('aes-128-gcm', key, nonce)
    cipher.setAAD(aad)
    return Buffer.concat([cipher.update(plaintext), cipher.final(), cipher.getAuthTag()])
  }
  const octets = seal(content)
  const part: ExternalPart = {
    cardinality: 'external',
    disposition: 6,
    language: '',
    contentType: 'image/png',
    url,
    expires: 0,
    size: content.length,
    encAlg: 1,
    key,
    nonce,
    aad,
    hashAlg: 1,
    contentHash: hash('sha256', octets, 'buffer'),
    description: '',
    filename: 'holiday.png',
    ...change,
  }
  return { octets, part, swapped: seal }
}
