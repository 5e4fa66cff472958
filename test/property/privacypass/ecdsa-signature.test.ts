import { generateKeyPairSync, randomBytes, sign, verify } from 'node:crypto'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { ecdsaDer } from '../../../src/privacypass/ecdsa-signature.ts'

const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const p1363 = { dsaEncoding: 'ieee-p1363' } as const

test('a signature holds in DER exactly where it holds as it came', () => {
  for (let count = 0; count < 500; count += 1) {
    const message = randomBytes(40)
    const signature = sign('sha256', message, { key: privateKey, ...p1363 })
    expect(verify('sha256', message, publicKey, ecdsaDer(signature))).toBe(true)
  }
})

test('octets that are no signature hold in neither form', () => {
  const half = fc.oneof(
    fc.uint8Array({ minLength: 32, maxLength: 32 }),
    fc.constantFrom(0x00, 0x01, 0x7f, 0x80, 0xff).map((octet) => Buffer.alloc(32, octet)),
    fc.constant(Buffer.concat([Buffer.alloc(31), Buffer.from([0x80])])),
  )
  fc.assert(
    fc.property(half, half, fc.uint8Array({ maxLength: 40 }), (r, s, message) => {
      const signature = Buffer.concat([r, s])
      expect(verify('sha256', message, { key: publicKey, ...p1363 }, signature)).toBe(false)
      expect(verify('sha256', message, publicKey, ecdsaDer(signature))).toBe(false)
    }),
  )
})
