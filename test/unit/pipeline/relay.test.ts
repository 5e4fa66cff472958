import { expect, test } from 'vitest'
import { builtInSuites } from '../../../src/metadata/suites.ts'
import { showsFranks } from '../../../src/pipeline/relay.ts'
import { declarations } from '../../../src/protocols/mimi/declarations.ts'

test.each([
  ['bare-minimum', false],
  ['moderated-pseudonyms', true],
  ['identified', true],
  ['compliance', true],
])('in rooms of %s the relay log is on: %s', (name, isOn) => {
  const suite = builtInSuites(declarations).suiteByName(name)
  expect(suite !== undefined && showsFranks(suite)).toBe(isOn)
})
