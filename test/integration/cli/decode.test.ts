import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { runCli, spawnCli } from '../../support/run-cli.ts'
import { tempDir } from '../../support/temp-dir.ts'

const frank = Buffer.concat([Buffer.alloc(32, 7), Buffer.from('0001024142', 'hex')])
const json = {
  serverFrank: '07'.repeat(32),
  frankingSignatureCiphersuite: 1,
  frankingIntegritySignature: '4142',
}

test('decode shows a struct from --hex, --file or standard input', async () => {
  const file = join(tempDir(), 'frank.bin')
  writeFileSync(file, frank)
  const type = ['decode', '--type', 'Frank']
  const results = await Promise.all([
    runCli([...type, '--hex', `${frank.toString('hex')}\n`]),
    runCli([...type, '--file', file]),
    runCli(type, { input: frank }),
  ])
  for (const { exitCode, stdout, stderr } of results) {
    expect(stderr).toBe('')
    expect(exitCode).toBe(0)
    expect(JSON.parse(stdout)).toEqual(json)
  }
})

test('decode shows a token without what would spend it', async () => {
  const token = Buffer.concat([
    Buffer.from('0005', 'hex'),
    Buffer.alloc(96, 7),
    Buffer.alloc(64, 9),
  ])
  const { stdout } = await runCli(['decode', '--type', 'Token', '--hex', token.toString('hex')])
  expect(JSON.parse(stdout)).toEqual({
    tokenType: 'voprfRistretto255',
    nonce: '07'.repeat(32),
    challengeDigest: '07'.repeat(32),
    tokenKeyId: '07'.repeat(32),
    authenticator: { withheldBytes: 64 },
  })
})

test.each([
  ['bytes that end too early', ['--type', 'Frank', '--hex', '00'], { code: 'truncated', at: 0 }],
  [
    'trailing bytes',
    ['--type', 'Frank', '--hex', `${frank.toString('hex')}00`],
    { code: 'trailing-bytes', at: 37 },
  ],
  ['an unknown struct', ['--type', 'constructor', '--hex', '00'], { code: 'unknown-struct' }],
  ['what is no hex', ['--type', 'Frank', '--hex', '0g'], { code: 'invalid-hex' }],
  ['half an octet', ['--type', 'Frank', '--hex', '000'], { code: 'invalid-hex' }],
  ['a missing file', ['--type', 'Frank', '--file', '/nowhere'], { code: 'unreadable-file' }],
])('decode answers %s with a code and exit code 2', async (_, args, error) => {
  const { exitCode, stdout, stderr } = await runCli(['decode', ...args])
  expect({ exitCode, stdout, error: JSON.parse(stderr) as unknown }).toEqual({
    exitCode: 2,
    stdout: '',
    error: { error },
  })
})

test('as a process it keeps answer, error and exit code apart', { timeout: 30_000 }, async () => {
  const [good, bad] = await Promise.all([
    spawnCli(['decode', '--type', 'Frank'], { input: frank }),
    spawnCli(['decode', '--type', 'Frank'], { input: frank.subarray(1) }),
  ])
  expect(good).toMatchObject({ exitCode: 0, stderr: '' })
  expect(JSON.parse(good.stdout)).toMatchObject({ frankingSignatureCiphersuite: 1 })
  expect(bad).toMatchObject({ exitCode: 2, stdout: '' })
  expect(JSON.parse(bad.stderr)).toMatchObject({ error: { code: expect.any(String) as unknown } })
})

test('decode needs to know what and from where', async () => {
  const results = await Promise.all([
    runCli(['decode']),
    runCli(['decode', '--type', 'Frank', '--hex', '00', '--file', 'x']),
    runCli(['decode', '--type', 'Frank', 'stray']),
    runCli(['decode', '--wrong']),
  ])
  expect(results.map(({ exitCode }) => exitCode)).toEqual([2, 2, 2, 2])
  expect(results[0]?.stderr).toBe('expected --type STRUCT or --list\ntry postern decode --help\n')
})

test('decode --list names the structs of the draft', async () => {
  const { stdout } = await runCli(['decode', '--list'])
  const names = stdout.trimEnd().split('\n')
  expect(names).toEqual(expect.arrayContaining(['FanoutMessage', 'MLSMessage', 'UpdateRequest']))
  expect(names).toEqual(names.toSorted())
})
