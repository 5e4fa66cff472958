import { format, resolveConfig } from 'prettier'
import { describe, expect, test } from 'vitest'
import { builtInSuites } from '../../../../src/metadata/suites.ts'
import { verifiesWith } from '../../../../src/metadata/requirements/jws.ts'
import { canonicalJson } from '../../../../src/metadata/requirements/strict-json.ts'
import {
  documentBytesMax,
  documentJsonSchema,
  documentSchema,
} from '../../../../src/metadata/requirements/document.ts'
import { builtInNames } from '../../../../src/metadata/requirements/private-suite.ts'
import {
  openDocument,
  signDocument,
  type MalformedReason,
} from '../../../../src/metadata/requirements/signed-document.ts'
import { privateTable, requirements, signed, signingKey } from '../../../support/requirements.ts'

function reasonOf(jws: string): MalformedReason | undefined {
  const opened = openDocument(Buffer.from(jws))
  return opened.kind === 'malformed' ? opened.reason : undefined
}

/** A JWS over exactly this payload, correctly encoded and not signed. */
function around(payload: string, header = signed().jws.split('.')[0]): string {
  return `${header}.${Buffer.from(payload).toString('base64url')}.${signed().jws.split('.')[2]}`
}

function refusedAt(changes: object): string | undefined {
  const opened = openDocument(Buffer.from(around(canonicalJson({ ...requirements(), ...changes }))))
  return opened.kind === 'malformed' ? opened.at : undefined
}

test('docs/metadata-requirements.schema.json is the schema', async () => {
  const file = 'docs/metadata-requirements.schema.json'
  const options = await resolveConfig(file)
  const text = await format(JSON.stringify(documentJsonSchema()), { ...options, filepath: file })
  await expect(text).toMatchFileSnapshot(`../../../../${file}`)
})

test('a signed document comes back as it was, and only its key verifies it', () => {
  const original = signed({ suites: [privateTable()], asHub: [2, 0xf001] })
  const opened = openDocument(Buffer.from(original.jws))
  expect(opened).toEqual({ kind: 'opened', signed: original })
  expect(verifiesWith(original, original.document.keys.keys)).toBe('verified')
  expect(verifiesWith(original, signed({ provider: 'b.example' }).document.keys.keys)).toBe(
    'wrong-key',
  )
})

test('the same document has the same digest, whoever signed it', () => {
  const one = signDocument(requirements(), signingKey('one'))
  const other = signDocument(requirements(), signingKey('other'))
  expect(one.digest).toBe(other.digest)
  expect(one.jws).not.toBe(other.jws)
})

test('a changed signature is told from another key', () => {
  const { jws, ...rest } = signed()
  const dot = jws.lastIndexOf('.')
  const bytes = Buffer.from(jws.slice(dot + 1), 'base64url')
  bytes.writeUInt8(bytes.readUInt8(0) ^ 1, 0)
  const changed = { ...rest, jws: `${jws.slice(0, dot)}.${bytes.toString('base64url')}` }
  expect(verifiesWith(changed, rest.document.keys.keys)).toBe('bad-signature')
})

test('the names of the built-in suites are those that no document may take', () => {
  expect(builtInSuites([]).all.map(({ name }) => name)).toEqual(builtInNames)
})

describe('bytes that are no document are refused by reason', () => {
  const text = canonicalJson(requirements())
  const cases: readonly (readonly [string, string, MalformedReason])[] = [
    ['nothing', '', 'not-jws'],
    ['two parts', 'a.b', 'not-jws'],
    ['padding', `${signed().jws}=`, 'not-jws'],
    ['a line end', `${signed().jws}\n`, 'not-jws'],
    ['JSON serialization', '{"payload":"e30"}', 'not-jws'],
    ['another encoding of the same octets', around(text).replace(/.$/, 'B'), 'not-jws'],
    ['too many octets', 'a'.repeat(documentBytesMax + 1), 'too-large'],
    ['ten million octets', 'a'.repeat(10_000_000), 'too-large'],
    ['no algorithm', around(text, encoded({ alg: 'none', kid: 'x', typ: 'x' })), 'bad-header'],
    [
      'a header that names a key',
      around(text, encoded({ ...headerMembers(), jwk: {} })),
      'bad-header',
    ],
    [
      'a critical header',
      around(text, encoded({ ...headerMembers(), crit: ['b64'] })),
      'bad-header',
    ],
    ['a nested header', around(text, encoded({ ...headerMembers(), kid: [[[]]] })), 'bad-header'],
    ['no JSON', around('{'), 'not-json'],
    ['an array bomb', around('['.repeat(90_000) + ']'.repeat(90_000)), 'too-deep'],
    ['an object bomb', around('{"a":'.repeat(30_000) + '1' + '}'.repeat(30_000)), 'too-deep'],
    ['__proto__', around(`{"__proto__":{},${text.slice(1)}`), 'forbidden-member'],
    ['an escaped __proto__', around(`{"\\u005f_proto__":{},${text.slice(1)}`), 'forbidden-member'],
    [
      'an inner __proto__',
      around(text.replace('{"keys":[', '{"__proto__":{},"keys":[')),
      'forbidden-member',
    ],
    ['a lone surrogate', around('"\\ud800"'), 'forbidden-member'],
    ['white space', around(` ${text}`), 'not-canonical'],
    ['a duplicate member', around(text.replace('"seq":1', '"seq":1,"seq":1')), 'not-canonical'],
    ['another order', around(JSON.stringify(requirements())), 'not-canonical'],
    ['another spelling of a number', around(text.replace('"seq":1', '"seq":1.0')), 'not-canonical'],
    [
      'another spelling of a text',
      around(text.replace('a.example', '\\u0061.example')),
      'not-canonical',
    ],
    ['an unknown member', around(canonicalJson({ ...requirements(), extra: 1 })), 'schema'],
    ['no object', around('null'), 'schema'],
  ]
  test.each(cases)('%s', (_, jws, reason) => {
    expect(reasonOf(jws)).toBe(reason)
  })

  test('octets that are no UTF-8 in the payload', () => {
    const payload = Buffer.from([0x22, 0xff, 0x22]).toString('base64url')
    expect(reasonOf(around('x').replace(Buffer.from('x').toString('base64url'), payload))).toBe(
      'not-utf8',
    )
  })
})

describe('what the schema refuses', () => {
  const key = requirements().keys.keys[0]
  const entry = privateTable().entries[0]
  const cases: readonly (readonly [string, object, string])[] = [
    ['an upper-case provider', { provider: 'A.example' }, 'provider'],
    ['a provider that is an address', { provider: 'a.example:443' }, 'provider'],
    ['seq 0', { seq: 0 }, 'seq'],
    ['a seq that is no safe integer', { seq: 2 ** 53 }, 'seq'],
    ['a first document with a predecessor', { prev: signed().digest }, ''],
    ['a digest in hexadecimal', { seq: 2, prev: 'a'.repeat(64) }, 'prev'],
    ['an expiry before the issue', { expiresAt: requirements().issuedAt }, ''],
    ['a life of ten years', { expiresAt: requirements().issuedAt + 315_360_000 }, ''],
    ['no key', { keys: { keys: [] } }, 'keys.keys'],
    ['nine keys', { keys: { keys: Array.from({ length: 9 }, () => key) } }, 'keys.keys'],
    ['a key twice', { keys: { keys: [key, key] } }, 'keys.keys'],
    ['a private key', { keys: { keys: [{ ...key, d: key?.x }] } }, 'keys.keys.0'],
    [
      'a key under a false name',
      { keys: { keys: [{ ...key, kid: signed().digest }] } },
      'keys.keys',
    ],
    ['a code twice', { asHub: [2, 2] }, 'asHub'],
    ['a code of three octets', { asHub: [0x10000] }, 'asHub.0'],
    ['65 codes', { asHub: Array.from({ length: 65 }, (_, at) => at + 5) }, 'asHub'],
    ['a private suite without its table', { asFollower: [0xf001] }, ''],
    ['a table with a built-in code', suite({ code: 2 }), 'suites.0.code'],
    ['a table with a GREASE code', suite({ code: 0xfa1a }), 'suites.0.code'],
    ['a table with a built-in name', suite({ name: 'compliance' }), 'suites.0.name'],
    ['a table twice', { suites: [privateTable(), privateTable({ name: 'other' })] }, 'suites'],
    ['a name twice', { suites: [privateTable(), privateTable({ code: 0xf002 })] }, 'suites'],
    [
      '17 tables',
      {
        suites: Array.from({ length: 17 }, (_, at) =>
          privateTable({ code: 0xf001 + at, name: `s${at}` }),
        ),
      },
      'suites',
    ],
    ['a cell twice', suite({ entries: [entry, entry] }), 'suites.0.entries'],
    [
      'an unknown field',
      suite({ entries: [{ ...entry, field: 'sender.shoeSize' }] }),
      'suites.0.entries.0.field',
    ],
    [
      'an unknown form',
      suite({ entries: [{ ...entry, ceiling: 'hinted' }] }),
      'suites.0.entries.0.ceiling',
    ],
    [
      'a floor above its ceiling',
      suite({ entries: [{ ...entry, ceiling: 'absent' }] }),
      'suites.0.entries.0',
    ],
    [
      'a form that a field has not',
      suite({ entries: [{ ...entry, floor: 'bucket' }] }),
      'suites.0.entries.0',
    ],
    [
      'a purpose twice',
      suite({ entries: [{ ...entry, purposes: ['delivery', 'delivery'] }] }),
      'suites.0.entries.0',
    ],
    ['an unknown inner member', suite({ entries: [{ ...entry, note: '' }] }), 'suites.0.entries.0'],
    ['a contact that runs a script', { contact: 'javascript:alert(1)' }, 'contact'],
    ['a contact with markup', { contact: 'https://a.example/"><script>' }, 'contact'],
    [
      'a fraction of a day',
      { retention: { ...requirements().retention, deliveryDays: 0.5 } },
      'retention.deliveryDays',
    ],
  ]
  test.each(cases)('%s', (_, changes, at) => {
    expect(refusedAt(changes)).toBe(at)
  })

  test('codes that nobody knows yet and GREASE are fine', () => {
    expect(documentSchema.safeParse(requirements({ asHub: [0x7a1a, 5, 0xfa0a, 2] })).success).toBe(
      true,
    )
  })
})

function headerMembers() {
  return JSON.parse(Buffer.from(signed().jws.split('.')[0] ?? '', 'base64url').toString()) as object
}

function encoded(value: object): string {
  return Buffer.from(canonicalJson(value)).toString('base64url')
}

function suite(changes: object): object {
  return { suites: [{ ...privateTable(), ...changes }] }
}
