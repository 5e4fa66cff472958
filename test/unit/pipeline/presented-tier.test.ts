import { expect, test } from 'vitest'
import { builtInSuites } from '../../../src/metadata/suites.ts'
import type { Exchange } from '../../../src/model/exchange.ts'
import { presentedTier } from '../../../src/pipeline/presented-tier.ts'
import { declarations } from '../../../src/protocols/mimi/declarations.ts'

const suites = builtInSuites(declarations)

function tierIn(suiteName: string, exchange: Pick<Exchange, 'operation'> | object): string {
  const suite = suites.suiteByName(suiteName)
  if (suite === undefined) throw new Error('no such suite')
  return presentedTier(exchange as Exchange, suite)
}

test.each(['submitMessage', 'update', 'notify', 'reportAbuse'] as const)(
  'in %s the suite of the room says how its leaves show themselves',
  (operation) => {
    const exchange = { operation, sender: 'mimi://b.example/u/bob' }
    expect(tierIn('bare-minimum', exchange)).toBe('room-pseudonym')
    expect(tierIn('moderated-pseudonyms', exchange)).toBe('room-pseudonym')
    expect(tierIn('identified', exchange)).toBe('identified')
  },
)

test('a message from a pseudonym of the epoch shows no more, whatever the room', () => {
  const exchange = { operation: 'submitMessage', sender: `mimi://b.example/u/e~${'A'.repeat(22)}` }
  expect(tierIn('moderated-pseudonyms', exchange)).toBe('epoch-pseudonym')
  expect(tierIn('identified', exchange)).toBe('epoch-pseudonym')
})

test.each(['keyMaterial', 'groupInfo'] as const)(
  'in %s the credential says it, whatever the room',
  (operation) => {
    expect(tierIn('identified', { operation, pseudonymous: true })).toBe('room-pseudonym')
    expect(tierIn('bare-minimum', { operation, pseudonymous: false })).toBe('identified')
  },
)

test.each(['requestConsent', 'updateConsent', 'identifierQuery', 'proxyDownload'] as const)(
  'whoever asks by %s shows no pseudonym',
  (operation) => {
    expect(tierIn('moderated-pseudonyms', { operation })).toBe('identified')
  },
)
