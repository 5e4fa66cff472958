import { expect, test } from 'vitest'
import { challengeDigest, type ArcChallenge } from '../../../../src/privacypass/arc/arc-messages.ts'
import type { ArcScheme } from '../../../../src/privacypass/arc/arc-scheme.ts'
import { WireError } from '../../../../src/wire/errors.ts'
import { arcChallenge, arcCredential, arcScheme, arcToken } from '../../../support/arc.ts'

const scheme = arcScheme(2)
const challenge = arcChallenge()

/** What a server makes of octets: the verdict's reason, or that they are malformed. */
function outcome(bytes: Buffer, expected = challenge, by: ArcScheme = scheme): string {
  try {
    const verdict = by.verify(by.parse(bytes), [{ challenge: expected, context: 0 }])
    return verdict.kind === 'valid' ? 'valid' : verdict.reason
  } catch (error) {
    if (error instanceof WireError) return 'malformed'
    throw error
  }
}

test.each([2, 3, 5, 16])(
  'a credential gives %i presentations per context, and not one more',
  (limit) => {
    const issuer = arcScheme(limit)
    const credential = arcCredential(issuer)
    for (const context of [1, 2]) {
      const room = arcChallenge({ redemptionContext: Buffer.alloc(32, context) })
      const tags = new Set<string>()
      for (let count = 0; count < limit; count += 1) {
        const { token } = validated(issuer, arcToken(credential, room, limit), room)
        expect(token).toMatchObject({ issuer: 'hub.example', context })
        expect(token.keyId.equals(issuer.keyId)).toBe(true)
        expect(token.presentationContext.includes(room.redemptionContext)).toBe(true)
        expect(token.spendKey).toHaveLength(32)
        tags.add(token.tag.toString('hex'))
      }
      expect(tags.size).toBe(limit)
      expect(credential.present(room, limit)).toEqual({ kind: 'exhausted' })
    }
  },
)

/** The verdict on a token that has to be valid, where several challenges are acceptable. */
function validated(issuer: ArcScheme, bytes: Buffer, room: ArcChallenge) {
  const context = room.redemptionContext.readUInt8(0)
  const expected = [
    { challenge: arcChallenge({ redemptionContext: Buffer.alloc(32, 0xff) }), context: 0xff },
    { challenge: room, context },
  ]
  const verdict = issuer.verify(issuer.parse(bytes), expected)
  if (verdict.kind === 'refused') throw new Error(verdict.reason)
  return verdict
}

test('a client that raises its own limit makes presentations that do not verify', () => {
  const credential = arcCredential(scheme)
  const longer = Array.from({ length: 4 }, () => outcome(arcToken(credential, challenge, 4)))
  expect(new Set(longer)).toEqual(new Set(['malformed']))
  // 3 and 4 have as many digits: there the sum of the digits gives it away.
  const three = arcScheme(3)
  const other = arcCredential(three)
  const same = Array.from({ length: 4 }, () =>
    outcome(arcToken(other, challenge, 4), challenge, three),
  )
  expect(new Set(same)).toEqual(new Set(['invalid-authenticator']))
})

test('a token with any bit changed is refused', () => {
  const token = arcToken(arcCredential(scheme), challenge, 2)
  expect(token).toHaveLength(556)
  for (let bit = 0; bit < 8 * token.length; bit += BIT_STEP) {
    const changed = Buffer.from(token)
    changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (0x80 >> (bit & 7))
    expect(outcome(changed), `bit ${bit}`).not.toBe('valid')
  }
  expect(outcome(token)).toBe('valid')
})

test('a token is good for its challenge, its key and its credential context only', () => {
  const credential = arcCredential(scheme)
  const token = arcToken(credential, challenge, 2)
  expect(outcome(token, arcChallenge({ redemptionContext: Buffer.alloc(32, 8) }))).toBe(
    'wrong-challenge',
  )
  expect(outcome(token, arcChallenge({ originInfo: 'other.example' }))).toBe('wrong-challenge')
  expect(outcome(token, challenge, arcScheme(2))).toBe('unknown-key')
  const bound = arcChallenge({ credentialContext: Buffer.alloc(32, 1) })
  expect(credential.present(bound, 2)).toEqual({ kind: 'other-credential' })
})

test('a digest or a key id that a client writes over its token does not help', () => {
  const [room, other] = [challenge, arcChallenge({ redemptionContext: Buffer.alloc(32, 8) })]
  const credential = arcCredential(scheme)
  const moved = arcToken(credential, room, 2)
  arcToken(credential, other, 2).copy(moved, 6, 6, 38)
  expect(outcome(moved, other)).toBe('invalid-authenticator')
  const bound = arcChallenge({ credentialContext: Buffer.alloc(32, 1) })
  const renewed = arcToken(credential, room, 2)
  challengeDigest(bound).copy(renewed, 6)
  expect(outcome(renewed, bound)).toBe('invalid-authenticator')
  const second = arcScheme(2)
  const relabelled = arcToken(arcCredential(scheme), room, 2)
  second.keyId.copy(relabelled, 38)
  expect(outcome(relabelled, room, second)).toBe('invalid-authenticator')
})

test('a nonce in clear is refused', () => {
  const token = arcToken(arcCredential(scheme), challenge, 2)
  token.writeUInt32BE(1, 2)
  expect(outcome(token)).toBe('malformed')
})

test('the presentation of one credential twice, and of two credentials, have as little in common', () => {
  const [one, two] = [arcCredential(scheme), arcCredential(scheme)]
  const room = arcChallenge({ redemptionContext: Buffer.alloc(32, 9) })
  const [a, b] = [arcToken(one, challenge, 2), arcToken(one, challenge, 2)]
  const [elsewhere, c] = [arcToken(one, room, 2), arcToken(two, challenge, 2)]
  const shown = [a, b, elsewhere, c]
  for (const [index, first] of shown.entries())
    for (const second of shown.slice(index + 1)) expect(sharedRuns(first, second)).toEqual([])
})

/** Runs of 8 octets that both presentations have anywhere, after what names challenge and key. */
function sharedRuns(a: Buffer, b: Buffer): readonly string[] {
  const known = new Set(runsOf(a))
  return runsOf(b).filter((run) => known.has(run))
}

function runsOf(token: Buffer): readonly string[] {
  const octets = token.subarray(HEADER_BYTES)
  return Array.from({ length: octets.length - 7 }, (_, at) => octets.toString('hex', at, at + 8))
}

test('what a hub sees of N presentations does not say which of them are of one credential', () => {
  // Bits that agree between two of one credential, and between two of different ones: both near half.
  const credentials = Array.from({ length: 12 }, () => arcCredential(scheme))
  const pairs = credentials.map(
    (credential) =>
      [arcToken(credential, challenge, 2), arcToken(credential, challenge, 2)] as const,
  )
  const same = pairs.map(([first, second]) => agreeing(first, second))
  const different = pairs.map(([first], index) => {
    const [, second] = pairs[(index + 1) % pairs.length] ?? []
    return agreeing(first, second ?? first)
  })
  const bits = 8 * (556 - HEADER_BYTES - 6) * pairs.length
  // Six standard deviations of a fair coin.
  const tolerance = 6 * Math.sqrt(bits / 4)
  for (const sum of [total(same), total(different)])
    expect(Math.abs(sum - bits / 2)).toBeLessThan(tolerance)
})

/** Bits that agree, the first octet of each of the six points aside. */
function agreeing(a: Buffer, b: Buffer): number {
  let count = 0
  for (let at = HEADER_BYTES; at < a.length; at += 1) {
    const place = at - HEADER_BYTES
    if (place < 6 * 33 && place % 33 === 0) continue
    let differing = (a[at] ?? 0) ^ (b[at] ?? 0)
    for (count += 8; differing !== 0; differing &= differing - 1) count -= 1
  }
  return count
}

function total(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0)
}

/** Coprime to 8: over the octets every place of a bit comes up. */
const BIT_STEP = 13
/** Token type, nonce, challenge digest, key id. */
const HEADER_BYTES = 70
