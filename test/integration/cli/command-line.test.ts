import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { startControlSocket } from '../../../src/admin/control-socket.ts'
import type { ControlHandlers } from '../../../src/admin/control-api.ts'
import { createLog } from '../../../src/signals/log.ts'
import { controlHandlers } from '../../support/control-handlers.ts'
import { runCli, spawnCli } from '../../support/run-cli.ts'
import { tempDir } from '../../support/temp-dir.ts'

/** The options that lead a command to a control socket with these handlers. */
async function server(overrides: Partial<ControlHandlers> = {}): Promise<readonly string[]> {
  const path = join(tempDir(), 'c.sock')
  const log = createLog('silent', { write: () => {} })
  const socket = await startControlSocket({ path, handlers: controlHandlers(overrides), log })
  onTestFinished(() => socket[Symbol.asyncDispose]())
  return ['--socket', path]
}

test('--help lists every command, on standard output, with the exit codes', async () => {
  const { exitCode, stdout } = await runCli(['--help'])
  expect(exitCode).toBe(0)
  for (const name of ['serve', 'config check', 'certs dev', 'decode', 'health', 'reports list'])
    expect(stdout).toContain(`  ${name} `)
  expect(stdout).toContain('Exit codes: 0')
})

test('no command and an unknown command are wrong usage', async () => {
  const [none, unknown] = await Promise.all([runCli([]), runCli(['reports', 'burn'])])
  expect(none).toMatchObject({ exitCode: 2, stdout: '' })
  expect(unknown).toMatchObject({ exitCode: 2, stdout: '' })
  expect(unknown.stderr).toContain('unknown command')
})

test('each command explains itself', async () => {
  const { exitCode, stdout } = await runCli(['certs', 'dev', '--help'])
  expect(exitCode).toBe(0)
  expect(stdout).toContain('postern certs dev --out DIR --domain a.example')
})

test('version prints the version of the package', { timeout: 30_000 }, async () => {
  const [one, two] = await Promise.all([spawnCli(['version']), spawnCli(['--version'])])
  expect(one.stdout).toMatch(/^\d+\.\d+\.\d+\n$/)
  expect(two.stdout).toBe(one.stdout)
})

test('certs dev makes what config check then accepts', { timeout: 30_000 }, async () => {
  const cwd = tempDir()
  const made = await spawnCli(['certs', 'dev', '--out', 'certs', '--domain', 'a.example'], { cwd })
  expect(made).toMatchObject({ exitCode: 0, stderr: '' })
  const peers = {
    certificate: 'certs/a.example.pem',
    key: 'certs/a.example.key',
    ca: 'certs/ca.pem',
  }
  const config = join(cwd, 'postern.yaml')
  writeFileSync(config, JSON.stringify({ provider: 'a.example', listeners: { peers } }))
  const good = await spawnCli(['config', 'check'], { cwd })
  expect(good).toMatchObject({ exitCode: 0, stderr: '' })
  expect(good.stdout).toContain('provider a.example')
  writeFileSync(config, JSON.stringify({ provider: 'b.example', listeners: { peers }, foo: 1 }))
  const bad = await spawnCli(['config', 'check'], { cwd })
  expect(bad).toMatchObject({ exitCode: 1, stdout: '' })
  expect(bad.stderr).toMatch(/^postern\.yaml:1 foo: unknown key/)
})

test('certs dev refuses a domain that is none and says what it needs', async () => {
  const out = join(tempDir(), 'certs')
  const args = ['certs', 'dev', '--out', out]
  const [none, bad] = await Promise.all([runCli(args), runCli([...args, '--domain', 'a b'])])
  expect(none).toMatchObject({ exitCode: 2 })
  expect(bad).toMatchObject({ exitCode: 2, stderr: 'invalid-domain\n' })
  expect(existsSync(out)).toBe(false)
})

test('health says how a running server is; its exit code says whether it is ready', async () => {
  const ready = await server()
  const draining = await server({
    health: () => ({ ...controlHandlers().health(), status: 'draining' }),
  })
  const results = await Promise.all([
    runCli(['health', ...ready]),
    runCli(['health', '--json', ...draining]),
  ])
  expect(results[0]).toMatchObject({ exitCode: 0 })
  expect(results[0]?.stdout).toContain('degraded (slow)')
  expect(results[1]).toMatchObject({ exitCode: 1 })
  expect(JSON.parse(results[1]?.stdout ?? '')).toMatchObject({ status: 'draining' })
})

test('without a server the commands say so', async () => {
  const { exitCode, stderr } = await runCli(['health', '--socket', join(tempDir(), 'none.sock')])
  expect(exitCode).toBe(1)
  expect(stderr).toContain('no server answers on the control socket')
})

test('the socket is found through the configuration', async () => {
  const { exitCode, stderr } = await runCli(['health'], { env: { POSTERN_DATA: tempDir() } })
  expect({ exitCode, stderr }).toMatchObject({ exitCode: 1 })
  expect(stderr).toContain('no server answers')
})

test('reports are listed and shown, without what they say', async () => {
  const socket = await server()
  const [list, json, shown, missing, limit] = await Promise.all([
    runCli(['reports', 'list', ...socket]),
    runCli(['reports', 'list', '--json', '--limit', '5', ...socket]),
    runCli(['reports', 'show', 'r1', ...socket]),
    runCli(['reports', 'show', 'r2', ...socket]),
    runCli(['reports', 'list', '--limit', 'many', ...socket]),
  ])
  expect(list.stdout).toContain('r1  2023-11-14T22:13:20.000Z  verified')
  expect(JSON.parse(json.stdout)).toMatchObject({ reports: [{ id: 'r1' }] })
  expect(shown.stdout).toContain('message 01ab: verified by frank')
  expect(missing).toMatchObject({ exitCode: 1, stderr: 'no such report\n' })
  expect(limit).toMatchObject({ exitCode: 2 })
})

test('reload tells what was applied, or why nothing was', async () => {
  const good = await server()
  const bad = await server({
    reload: () => Promise.resolve({ outcome: 'refused', problems: ['postern.yaml:1 foo: bar'] }),
  })
  const results = await Promise.all([runCli(['reload', ...good]), runCli(['reload', ...bad])])
  expect(results[0]).toMatchObject({ exitCode: 0 })
  expect(results[0]?.stdout).toContain('needs a restart: listeners.peers.port')
  expect(results[1]).toMatchObject({ exitCode: 1 })
  expect(results[1]?.stderr).toContain('foo: bar')
})

test('an answer that is none of ours is not believed', async () => {
  const socket = await server({
    health: () => Object.assign(controlHandlers().health(), { extra: 'mimi://a.example/u/alice' }),
  })
  const { exitCode, stderr } = await runCli(['health', ...socket])
  expect({ exitCode, stderr }).toEqual({ exitCode: 1, stderr: 'unexpected-answer\n' })
})
