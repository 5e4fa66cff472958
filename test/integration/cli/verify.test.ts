import { expect, test } from 'vitest'
import { runCli } from '../../support/run-cli.ts'

const quick = ['verify', '--taint', '--suite', 'identified']

test('verify says of each suite how much was looked at, and that nothing was found', async () => {
  const { exitCode, stdout } = await runCli(quick)
  expect(exitCode).toBe(0)
  expect(stdout).toMatch(
    /^identified under enterprise\n {2}taint: \d+ scenarios, \d+ looks\nnothing found\n$/,
  )
}, 30_000)

test('verify exits with 1 and says who sees what, where a transform is missing', async () => {
  const { exitCode, stdout } = await runCli([...quick, '--without', 'dropUnknown'])
  expect(exitCode).toBe(1)
  expect(stdout).toContain(
    '  FOUND peer-canary.example sees what no field stands for (requestConsent out): request: extension\n',
  )
  expect(stdout).toMatch(/\nfound: \d+\n$/)
}, 30_000)

test('verify says the same as JSON, and where policies do not serve a suite', async () => {
  const unserved = [...quick, '--policies', 'trust-and-safety', '--without', 'dropUnknown']
  const { exitCode, stdout } = await runCli([...unserved, '--json'])
  expect(exitCode).toBe(1)
  expect(JSON.parse(stdout)).toMatchObject({
    suites: [
      {
        suite: 'identified',
        policies: 'trust-and-safety',
        served: false,
        findings: expect.arrayContaining([
          {
            proof: 'taint',
            during: 'identifierQuery in, by handle',
            fields: [],
            seenBy: 'delivery service',
            detail: 'request: extension',
          },
        ]),
      },
    ],
  })
}, 30_000)

test.each([
  ['--suite', 'unheard-of'],
  ['--without', 'unheard-of'],
])('verify refuses %s %s as wrong usage', async (option, value) => {
  const { exitCode, stderr } = await runCli(['verify', option, value])
  expect(exitCode).toBe(2)
  expect(stderr).toContain(`expected ${option}`)
})
