import { generateKeyPairSync, randomBytes, type KeyObject } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { requestBlindRsaToken } from '../../../src/privacypass/blind-rsa/request-token.ts'
import { blindRsaScheme } from '../../../src/privacypass/blind-rsa/scheme.ts'
import { blindRsaIssuerKey } from '../../../src/privacypass/blind-rsa/token-key.ts'
import { voprfIssuerKey } from '../../../src/privacypass/voprf/issuer-key.ts'
import { requestVoprfToken } from '../../../src/privacypass/voprf/request-tokens.ts'
import type { OprfGroup } from '../../../src/privacypass/voprf/group.ts'
import { oprfGroups } from '../../support/oprf-groups.ts'

// JavaScript's integers take a time that depends on their values. What is held here: which secret keys
// ever become such an integer, in the code that runs and in what it imports.

const importOf = /(?:from|import\()\s*'([^']+)'/g

function importsOf(file: string): readonly string[] {
  return [...readFileSync(file, 'utf8').matchAll(importOf)].map(([, name = '']) =>
    name.startsWith('.') ? normalize(join(dirname(file), name)) : name,
  )
}

/** The packages that a file of ours reaches, through whatever other files. */
function packagesBehind(file: string, seen = new Set<string>()): ReadonlySet<string> {
  for (const name of importsOf(file)) {
    if (seen.has(name)) continue
    seen.add(name)
    if (name.startsWith('src/')) packagesBehind(name, seen)
  }
  return new Set([...seen].filter((name) => !name.startsWith('src/') && !name.startsWith('node:')))
}

const sources = readdirSync('src', { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.ts'))
  .map((name) => join('src', name))

describe('imports', () => {
  test('elliptic curves in JavaScript are imported by types 0x0001 and ARC only', () => {
    const importers = sources.filter((file) =>
      importsOf(file).some((name) => name.startsWith('@noble/')),
    )
    expect(importers.toSorted()).toEqual([
      'src/privacypass/arc/hash-to-p256.ts',
      'src/privacypass/arc/p256-group.ts',
      'src/privacypass/voprf/p384.ts',
    ])
  })

  test.each([
    ['0x0002', 'src/privacypass/blind-rsa/token-key.ts', []],
    ['0x0005', 'src/privacypass/voprf/ristretto255.ts', ['libsodium-wrappers-sumo']],
    ['0x0001', 'src/privacypass/voprf/p384.ts', ['@noble/curves/nist.js']],
  ])('type %s reaches no more than it needs beside OpenSSL: %s', (_, file, packages) => {
    expect([...packagesBehind(file)]).toEqual(packages)
  })
})

describe('keys', () => {
  const { BigInt: native } = globalThis
  let integers: string[]

  /** Notes whatever becomes an integer; each in hexadecimal. */
  beforeEach(() => {
    integers = []
    globalThis.BigInt = new Proxy(native, {
      apply: (_, __, [value]: [string]) => {
        const made = native(value)
        integers.push(made.toString(16))
        return made
      },
    })
  })

  afterEach(() => {
    globalThis.BigInt = native
  })

  test('type 0x0002: signing and checking never see a number of the private key', () => {
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2_048 })
    const secrets = privateNumbers(privateKey)
    forbidExport(privateKey)
    const key = blindRsaIssuerKey(privateKey, 'b.example')
    const { tokenKey } = key
    const [challenge, nonce] = [Buffer.from('challenge'), randomBytes(32)]
    const pending = requestBlindRsaToken({ challenge, nonce, tokenKey, randomness: randomBytes })
    integers = []
    const verdict = blindRsaScheme.issue(pending.request, [key])
    const seen = [...integers]
    const token = verdict.kind === 'issued' ? pending.finalize(verdict.response) : undefined
    expect(token && tokenKey.authenticates(token)).toBe(true)
    // What is looked at is there: the blinded message, the signature, both the client's.
    expect(seen.length).toBeGreaterThan(0)
    expect(seen.filter((made) => secrets.includes(made))).toEqual([])
  })

  test('type 0x0005: issuing and checking make no integers at all', () => {
    const { seen } = issued(oprfGroups.voprfRistretto255)
    expect(seen).toEqual({ issuing: [], checking: [] })
  })

  test('type 0x0001: checking makes no integer of the key; issuing does, as docs/decisions/0012 says', () => {
    const { secret, seen } = issued(oprfGroups.voprfP384)
    expect(seen.checking).not.toContain(secret)
    expect(seen.issuing).toContain(secret)
  })

  /** A token of a new key, and the integers that its issuer and its origin made on the way. */
  function issued(group: OprfGroup) {
    const secretKey = group.randomScalar(randomBytes)
    const key = voprfIssuerKey({ group, secretKey, issuer: 'a.example', randomness: randomBytes })
    const { tokenKey } = key
    const pending = requestVoprfToken({
      group,
      challenge: Buffer.from('challenge'),
      nonce: randomBytes(32),
      publicKey: tokenKey.publicKey,
      randomness: randomBytes,
    })
    integers = []
    const response = key.evaluate(pending.request)
    const issuing = integers
    const token = response && pending.finalize(response)
    integers = []
    expect(token && tokenKey.authenticates(token)).toBe(true)
    const secret = secretKey.toString('hex').replace(/^0+/, '')
    return { secret, seen: { issuing, checking: integers } }
  }
})

/** All numbers of an RSA key that are secret, in hexadecimal. */
function privateNumbers(key: KeyObject): readonly string[] {
  const { d, p, q, dp, dq, qi } = key.export({ format: 'jwk' })
  return [d, p, q, dp, dq, qi].map((part = '') =>
    Buffer.from(part, 'base64url').toString('hex').replace(/^0+/, ''),
  )
}

/** From now on the key is of use in OpenSSL only. */
function forbidExport(key: KeyObject): void {
  Object.defineProperty(key, 'export', { value: undefined })
}
