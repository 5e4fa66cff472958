import { expect, test } from 'vitest'
import {
  builtInSuites as clientSuites,
  demandAcceptedSuite,
  pinComponent,
} from '../../../../src/client/mimi/metadata-suites.ts'
import { builtInSuites, suiteDigest } from '../../../../src/metadata/suites.ts'
import { declarations } from '../../../../src/protocols/mimi/declarations.ts'
import { encode } from '../../../../src/wire/codec.ts'
import { appDataDictionaryCodec } from '../../../../src/wire/mls/app-data.ts'
import { extensionTypes } from '../../../../src/wire/mls/extension.ts'

const extensionsWith = (name: string, digest?: Buffer) => {
  const suites = clientSuites.map((suite) => ({ ...suite, digest: digest ?? suite.digest }))
  const data = encode(appDataDictionaryCodec, { componentData: [pinComponent(suites, name)] })
  return [{ type: extensionTypes.appDataDictionary, data }]
}

test('clients know the suites of the gateway under the same codes and digests', () => {
  const { all } = builtInSuites(declarations)
  expect(
    clientSuites.map(({ name, code, digest }) => [name, code, digest.toString('hex')]),
  ).toEqual(all.map((suite) => [suite.name, suite.code, suiteDigest(suite).toString('hex')]))
})

test('a client joins where it accepts the pinned suite, and where nothing is pinned', () => {
  expect(() => demandAcceptedSuite(clientSuites, extensionsWith('identified'))).not.toThrow()
  expect(() => demandAcceptedSuite([], [])).not.toThrow()
})

test('a client does not join where it does not accept the suite, or knows another under its code', () => {
  const accepted = clientSuites.filter(({ code }) => code === 2)
  expect(() => demandAcceptedSuite(accepted, extensionsWith('identified'))).toThrow(
    'suite-not-accepted',
  )
  const redefined = extensionsWith('moderated-pseudonyms', Buffer.alloc(32))
  expect(() => demandAcceptedSuite(accepted, redefined)).toThrow('suite-not-accepted')
})

test('a suite of which a client knows nothing cannot be pinned', () => {
  expect(() => pinComponent(clientSuites, 'made-up')).toThrow('suite-not-accepted')
})
