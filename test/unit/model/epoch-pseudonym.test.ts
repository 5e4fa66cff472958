import { expect, test } from 'vitest'
import {
  epochPseudonymId,
  epochPseudonymUri,
  isEpochPseudonymShaped,
} from '../../../src/model/epoch-pseudonym.ts'
import { parseMimiUri, parseProviderDomain } from '../../../src/model/ids.ts'

const home = parseProviderDomain('b.example')
const id = Buffer.from('000102030405060708090a0b0c0d0eff', 'hex')

test('the URI of a pseudonym names its home and its id', () => {
  const uri = epochPseudonymUri(home, id)
  expect(uri).toMatch(/^mimi:\/\/b\.example\/u\/e~[A-Za-z0-9_-]{22}$/)
  expect(epochPseudonymId(uri)).toEqual(id)
  expect(isEpochPseudonymShaped(uri)).toBe(true)
})

test.each([
  ['a user', 'mimi://b.example/u/alice'],
  ['a device', `mimi://b.example/d/e~${'A'.repeat(22)}`],
  ['an id that is too short', `mimi://b.example/u/e~${'A'.repeat(21)}`],
  ['an id that is too long', `mimi://b.example/u/e~${'A'.repeat(23)}`],
  ['a padded id', `mimi://b.example/u/e~${'A'.repeat(22)}==`],
  ['bits behind the last octet', `mimi://b.example/u/e~${'A'.repeat(21)}B`],
  ['another spelling of the home', `mimi://B.example/u/e~${'A'.repeat(22)}`],
])('%s is no epoch pseudonym', (_, uri) => {
  expect(epochPseudonymId(parseMimiUri(uri))).toBeUndefined()
})

test('whatever begins like one is nobody’s name', () => {
  expect(isEpochPseudonymShaped(parseMimiUri('mimi://b.example/u/e~x'))).toBe(true)
  expect(isEpochPseudonymShaped(parseMimiUri('mimi://b.example/u/eva'))).toBe(false)
})
