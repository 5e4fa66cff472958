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

test('the three providers of docs/examples know each other, on ports of their own', () => {
  const overrides = { dataDirectory: undefined, logLevel: undefined }
  const configs = ['a', 'b', 'd'].map((name) => {
    const text = readFileSync(`docs/examples/${name}.example.yaml`, 'utf8')
    return parseConfig(`/repository/docs/examples/${name}.example.yaml`, text, overrides)
  })
  const ports = configs.flatMap(({ listeners: { peers, internal, admin }, ds }) => [
    peers.port,
    internal.kind === 'tcp' ? internal.port : 0,
    admin.port,
    ds.port,
  ])
  expect(new Set(ports).size).toBe(4 * configs.length)
  for (const { provider, listeners, peers } of configs) {
    expect(listeners.peers.certificate).toBe(`/repository/certs/${provider}.pem`)
    for (const other of configs.filter((each) => each.provider !== provider))
      expect(peers.get(other.provider)?.address).toBe(`127.0.0.1:${other.listeners.peers.port}`)
  }
})
