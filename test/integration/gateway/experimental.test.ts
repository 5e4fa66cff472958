import { expect, test } from 'vitest'
import { startFederation } from '../../support/federation.ts'
import { tempDir } from '../../support/temp-dir.ts'

test('what is experimental is said in one line at the start, and only where it is on', async () => {
  await using federation = await startFederation(tempDir(), [
    {
      domain: 'a.example',
      tokens: true,
      extra: {
        issuer: { enabled: true },
        experimental: { arc: true, batchedTokens: true },
      },
    },
    { domain: 'b.example' },
  ])
  const warnings = (domain: string): readonly object[] =>
    federation
      .provider(domain)
      .log()
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { event: string })
      .filter(({ event }) => event.startsWith('experimental.'))
  expect(warnings('a.example')).toEqual([
    expect.objectContaining({ level: 'warn', event: 'experimental.arc' }),
    expect.objectContaining({ level: 'warn', event: 'experimental.batched-tokens' }),
  ])
  expect(warnings('b.example')).toEqual([])
  expect(federation.provider('b.example').config().experimental).toEqual({
    arc: false,
    arcPresentations: 2,
    batchedTokens: false,
  })
}, 60_000)
