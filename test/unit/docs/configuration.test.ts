import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { parseConfig } from '../../../src/settings/parse.ts'
import { configurationReference } from '../../../src/settings/reference.ts'
import { regenerate } from '../../support/generated-docs.ts'

test('docs/configuration.md lists every key as the schema describes it', async () => {
  const reference = configurationReference()
  const { file, text } = await regenerate('docs/configuration.md', 'reference', reference)
  await expect(text).toMatchFileSnapshot(file)
})

test('every key is described', () => {
  const bare = configurationReference()
    .split('\n')
    .filter((line) => /\|\s*\|$/.test(line))
  expect(bare).toEqual([])
})

test('the example configuration is valid', () => {
  const text = readFileSync('docs/postern.example.yaml', 'utf8')
  const overrides = { dataDirectory: undefined, logLevel: undefined }
  const config = parseConfig('/etc/postern/postern.yaml', text, overrides)
  expect(config.provider).toBe('a.example')
  expect(config.peers.size).toBe(3)
})
