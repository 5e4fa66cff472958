import { expect, test } from 'vitest'
import { GatewayError } from '../../../src/model/errors.ts'
import { parseConfig } from '../../../src/settings/parse.ts'
import { ConfigurationError } from '../../../src/settings/problems.ts'
import { reloadConfig } from '../../../src/settings/reload.ts'
import { needsRestart } from '../../../src/settings/restart.ts'

function config(more: object = {}) {
  const peers = { certificate: 'a.pem', key: 'a.key', ca: 'ca.pem' }
  const text = JSON.stringify({ provider: 'a.example', listeners: { peers }, ...more })
  return parseConfig('/etc/postern.yaml', text, { dataDirectory: undefined, logLevel: undefined })
}

function refuseWith(error: Error) {
  return reloadConfig(
    async () => config(),
    () => {
      throw error
    },
  )
}

test('peers, policies, rates and the log level need no restart', () => {
  const after = config({
    peers: { 'b.example': { allow: true } },
    policies: 'enterprise',
    rates: { peer: { burst: 1 } },
    log: { level: 'debug' },
    defaultSuites: { asHub: ['identified'] },
  })
  expect(needsRestart(config(), after)).toEqual([])
})

test('what is bound or opened at start needs a restart, by its path', () => {
  const after = config({
    dataDirectory: '/elsewhere',
    ds: { port: 1 },
    decisionLog: { file: '/elsewhere/decisions.jsonl' },
    spentTokens: { kind: 'postgres', url: 'postgres://db.example/postern' },
    limits: { drainMs: 1 },
    upstream: { url: 'http://ds.example' },
  })
  expect(needsRestart(config(), after)).toEqual([
    'dataDirectory',
    'keysDirectory',
    'listeners.admin',
    'upstream',
    'ds',
    'decisionLog',
    'limits',
    'spentTokens',
  ])
})

test('a configuration that reads well and applies is applied', async () => {
  const applied: string[] = []
  const outcome = await reloadConfig(
    () => Promise.resolve(config()),
    ({ provider }) => {
      applied.push(provider)
      return Promise.resolve(['ds'])
    },
  )
  expect(outcome).toEqual({ outcome: 'applied', restart: ['ds'] })
  expect(applied).toEqual(['a.example'])
})

test('a configuration that does not read is never applied', async () => {
  const problem = { path: 'ds', line: 3, expected: 'expected a map' }
  const outcome = await reloadConfig(
    () => Promise.reject(new ConfigurationError('postern.yaml', [problem])),
    () => Promise.reject(new Error('not reached')),
  )
  expect(outcome).toEqual({ outcome: 'refused', problems: ['postern.yaml:3 ds: expected a map'] })
})

test('what cannot be applied is refused by its code, and a bug stays a bug', async () => {
  expect(await refuseWith(new GatewayError('policy-invalid'))).toEqual({
    outcome: 'refused',
    problems: ['policy-invalid'],
  })
  await expect(refuseWith(new RangeError('bug'))).rejects.toThrow('bug')
})
