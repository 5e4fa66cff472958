import { randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import { createTokenSchemes } from '../../../src/privacypass/token-schemes.ts'
import { challengeDigest } from '../../../src/privacypass/token-challenge.ts'
import type { TokenScheme } from '../../../src/privacypass/token-scheme.ts'
import { tokenTypeCodes, type TokenType } from '../../../src/privacypass/token-type.ts'
import { voprfIssuerKey } from '../../../src/privacypass/voprf/issuer-key.ts'
import { requestVoprfToken } from '../../../src/privacypass/voprf/request-tokens.ts'
import { oprfGroups } from '../../support/oprf-groups.ts'

const challenge = randomBytes(40)
const challenges = [{ digest: challengeDigest(challenge), context: undefined }]

/** Each look at the CPU finds 30 ms more, so that each piece of work costs that. */
function schemesAt(enabledTypes?: readonly TokenType[]) {
  let nowMs = 0
  let usedMs = 0
  const schemes = createTokenSchemes({
    ...(enabledTypes && { enabledTypes }),
    clock: () => nowMs,
    cpuMs: () => (usedMs += 30),
  })
  return {
    schemes,
    pass: (ms: number) => {
      nowMs += ms
    },
  }
}

/** A key, a token of it, and what makes more of them. */
function scene(tokenType: keyof typeof oprfGroups) {
  const group = oprfGroups[tokenType]
  const secretKey = group.randomScalar(randomBytes)
  const key = voprfIssuerKey({ group, secretKey, issuer: 'a.example', randomness: randomBytes })
  const { publicKey } = key.tokenKey
  const nonce = randomBytes(32)
  const pending = requestVoprfToken({ group, challenge, nonce, publicKey, randomness: randomBytes })
  const response = key.evaluate(pending.request)
  const token = response && pending.finalize(response)
  if (token === undefined) throw new Error('no token was issued')
  return {
    verify: (scheme: TokenScheme | undefined, keys = [key.tokenKey]) => {
      const verdict = scheme?.verify(token, { keys, challenges })
      return verdict?.kind === 'refused' ? verdict.reason : verdict?.kind
    },
    issue: (scheme: TokenScheme | undefined) => {
      const verdict = scheme?.issue(pending.request, [key])
      return verdict?.kind === 'refused' ? verdict.reason : verdict?.kind
    },
  }
}

test('type 0x0002 alone is enabled by default, the others where they are named', () => {
  expect(Object.keys(schemesAt().schemes)).toEqual(['blindRsa2048'])
  const types = Object.keys(tokenTypeCodes) as TokenType[]
  for (const tokenType of types)
    expect(schemesAt([tokenType]).schemes).toEqual({
      [tokenType]: expect.objectContaining({ tokenType }) as unknown,
    })
})

test('type 0x0001 is refused with a code while its share of the CPU is used', () => {
  const { schemes, pass } = schemesAt(['voprfP384'])
  const { verify, issue } = scene('voprfP384')
  const scheme = schemes.voprfP384
  expect([verify(scheme), issue(scheme), verify(scheme), issue(scheme)]).toEqual([
    'valid',
    'issued',
    'cpu-share-used',
    'cpu-share-used',
  ])
  pass(1_000)
  expect(verify(scheme)).toBe('valid')
})

test('what is refused for its key or challenge costs no share of the CPU', () => {
  const { schemes } = schemesAt(['voprfP384'])
  const { verify } = scene('voprfP384')
  const reasons = Array.from({ length: 10 }, () => verify(schemes.voprfP384, []))
  expect(new Set(reasons)).toEqual(new Set(['unknown-key']))
  expect(verify(schemes.voprfP384)).toBe('valid')
})

test('the other types have no share that they could use up', () => {
  const { schemes } = schemesAt(['voprfP384', 'voprfRistretto255'])
  const { verify } = scene('voprfRistretto255')
  const verdicts = Array.from({ length: 10 }, () => verify(schemes.voprfRistretto255))
  expect(new Set(verdicts)).toEqual(new Set(['valid']))
})

test('a scheme takes tokens and requests of its own type only', () => {
  const { schemes } = schemesAt(['blindRsa2048', 'voprfRistretto255'])
  const { verify, issue } = scene('voprfP384')
  for (const scheme of Object.values(schemes))
    expect([verify(scheme), issue(scheme)]).toEqual(['wrong-type', 'wrong-type'])
})
