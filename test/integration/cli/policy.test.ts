import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test, vi } from 'vitest'
import { permitAll } from '../../support/policy.ts'
import { runCli } from '../../support/run-cli.ts'
import { tempDir } from '../../support/temp-dir.ts'

// Each command that reads policies starts a process for them.
vi.setConfig({ testTimeout: 30_000 })

const caseFile = 'policies/profiles/consumer/ALLOW/a-follower-sees-the-epoch.json'

/** A directory with these files. */
function directoryOf(files: Readonly<Record<string, string>>): string {
  const directory = tempDir()
  for (const [name, text] of Object.entries(files)) writeFileSync(join(directory, name), text)
  return directory
}

test('policy check says valid, or file and line of each finding', async () => {
  expect(await runCli(['policy', 'check', 'consumer'])).toMatchObject({ exitCode: 0 })
  const directory = directoryOf({
    'a.cedar': permitAll,
    'b.cedar':
      '// fine\n@id("b") @reason("r")\npermit (principal, action, resource) when { principal.unheard };',
  })
  const { exitCode, stdout } = await runCli(['policy', 'check', directory])
  expect(exitCode).toBe(1)
  expect(stdout).toMatch(/^b\.cedar:3: validation: /)
  const asJson = await runCli(['policy', 'check', directory, '--json'])
  expect(JSON.parse(asJson.stdout)).toMatchObject({
    valid: false,
    problems: [{ file: 'b.cedar', line: 3 }],
  })
})

test('policy check says where a grant has ended, and what would be right', async () => {
  const directory = directoryOf({
    'a.cedar': permitAll,
    'b.cedar': `\n${permitAll.replace('@id("all")', '@id("b") @expires("2020-02-29")')}`,
  })
  const { exitCode, stdout } = await runCli(['policy', 'check', directory])
  expect(exitCode).toBe(1)
  expect(stdout).toMatch(/^b\.cedar:2: expired: .*later day\n$/)
})

test('policy check refuses what would kill a parser, and does not die of it', async () => {
  const directory = directoryOf({ 'deep.cedar': `permit ${'('.repeat(150)}` })
  const { exitCode, stdout } = await runCli(['policy', 'check', directory])
  expect(exitCode).toBe(1)
  expect(stdout).toMatch(/^deep\.cedar:1: too-deep/)
})

test('policy test passes for a profile and fails for a case that says otherwise', async () => {
  expect(await runCli(['policy', 'test', 'enterprise'])).toMatchObject({ exitCode: 0 })
  const directory = directoryOf({ 'all.cedar': permitAll })
  mkdirSync(join(directory, 'DENY'))
  writeFileSync(join(directory, 'DENY', 'never.json'), '{}')
  const { exitCode, stdout } = await runCli(['policy', 'test', directory])
  expect(exitCode).toBe(1)
  expect(stdout).toContain('failed: DENY/never.json')
})

test('policy test runs the tests of cedar run-tests that are beside the policies', async () => {
  const tests = readFileSync('policies/profiles/consumer/examples.tests.json', 'utf8')
  const profile = readFileSync('policies/profiles/consumer/policies.cedar', 'utf8')
  const files = { 'policies.cedar': profile, 'a.tests.json': tests }
  expect(await runCli(['policy', 'test', directoryOf(files)])).toMatchObject({
    exitCode: 0,
    stdout: '3 of 3 cases pass\n',
  })
  const wrong = directoryOf({
    ...files,
    'b.tests.json': tests.replace('"allow"', '"deny"'),
    'c.tests.json': '{}',
  })
  const { exitCode, stdout } = await runCli(['policy', 'test', wrong])
  expect(exitCode).toBe(1)
  expect(stdout).toBe(
    'failed: b.tests.json: a follower sees the epoch: allow by protocol-frame\n' +
      'failed: c.tests.json: not a case\n5 of 7 cases pass\n',
  )
})

test('policy explain names the deciding policy with its reason', async () => {
  const { exitCode, stdout } = await runCli(['policy', 'explain', 'consumer', caseFile])
  expect(exitCode).toBe(0)
  expect(stdout).toMatch(/^allow\ngroup\.epoch:exact: allow\n {4}protocol-frame \(line \d+\): /)
})

test('policy diff exits with 1 if exposure rises', async () => {
  const [nothing, all] = [
    directoryOf({ 'none.cedar': '// nothing' }),
    directoryOf({ 'all.cedar': permitAll }),
  ]
  const up = await runCli(['policy', 'diff', nothing, all])
  expect(up.exitCode).toBe(1)
  expect(up.stdout).toContain('exposure rises')
  const down = await runCli(['policy', 'diff', all, nothing, '--json'])
  expect(down.exitCode).toBe(0)
  expect(JSON.parse(down.stdout)).toMatchObject({ rises: false })
})

test('policy matrix shows each field for each class of peers', async () => {
  const { exitCode, stdout } = await runCli(['policy', 'matrix', 'consumer'])
  expect(exitCode).toBe(0)
  expect(stdout).toContain('| message.time |')
  const cells: unknown = JSON.parse(
    (await runCli(['policy', 'matrix', 'consumer', '--json'])).stdout,
  )
  expect(cells).toContainEqual(
    expect.objectContaining({
      ladder: 'message.time',
      peerClass: 'open',
      purpose: 'delivery',
      form: 'exact',
      policies: ['hub-orders-by-time'],
    }),
  )
})

const invariants = `invariants:
  - id: no-names
    says: Nobody sees a name.
    fields: sender.user
    atMost: pseudonym-room
`

test('policy prove says which invariant does not hold, where, and by which policy', async () => {
  expect(await runCli(['policy', 'prove', 'consumer'])).toMatchObject({ exitCode: 0 })
  const directory = directoryOf({ 'all.cedar': permitAll, 'invariants.yaml': invariants })
  const { exitCode, stdout } = await runCli(['policy', 'prove', directory])
  expect(exitCode).toBe(1)
  expect(stdout).toMatch(
    /^fails {2}no-names: Nobody sees a name\. But sender\.user is exact by all: \{/,
  )
  const proofs: unknown = JSON.parse(
    (await runCli(['policy', 'prove', directory, '--json'])).stdout,
  )
  expect(proofs).toMatchObject([{ holds: false, counterexample: { policies: ['all'] } }])
})

test('policies that break an invariant are not valid', async () => {
  const directory = directoryOf({ 'all.cedar': permitAll, 'invariants.yaml': invariants })
  const { exitCode, stdout } = await runCli(['policy', 'check', directory])
  expect(exitCode).toBe(1)
  expect(stdout).toMatch(/^invariants\.yaml:0: invariant: fails {2}no-names/)
})

test('a mistake in invariants.yaml is told with its line', async () => {
  const wrong = invariants.replace('atMost', 'most')
  const directory = directoryOf({ 'all.cedar': permitAll, 'invariants.yaml': wrong })
  const { exitCode, stderr } = await runCli(['policy', 'prove', directory])
  expect(exitCode).toBe(1)
  expect(stderr).toMatch(/^invariants\.yaml:5 .*most: unknown key; expected one of id, says/)
})

test('policy init makes a directory that passes its own checks', async () => {
  const directory = join(tempDir(), 'mine')
  const init = await runCli(['policy', 'init', directory, '--profile', 'trust-and-safety'])
  expect(init).toMatchObject({ exitCode: 0 })
  for (const check of ['check', 'test', 'prove'])
    expect(await runCli(['policy', check, directory])).toMatchObject({ exitCode: 0 })
  expect(await runCli(['policy', 'diff', 'trust-and-safety', directory])).toMatchObject({
    exitCode: 0,
  })
  const again = await runCli(['policy', 'init', directory, '--profile', 'consumer'])
  expect(again).toMatchObject({ exitCode: 2 })
})
