import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import * as api from '../../../src/admin/exports-api.ts'
import { caseServer, type CaseServer } from '../../support/case-server.ts'
import { ann, banForm, claimed, DAY_MS } from '../../support/cases.ts'
import { runCli } from '../../support/run-cli.ts'
import { tempDir } from '../../support/temp-dir.ts'

async function decidedSpam(server: CaseServer): Promise<string> {
  const id = await claimed(server, { category: 'spam' })
  const form = banForm({ category: 'spam', actions: [{ kind: 'limit', divisor: 10, days: 7 }] })
  await server.desk.decisions.decide(ann, id, { form })
  return id
}

test('documents go to standard output, or to a new file that only our user can read', async () => {
  const server = await caseServer()
  const id = await decidedSpam(server)
  const run = (...args: string[]) =>
    runCli(['reports', 'export', ...args, '--as', 'ann', '--mfa', ...server.socket])
  const dsa = await run('dsa')
  expect(dsa).toMatchObject({ exitCode: 0, stderr: '' })
  expect(JSON.parse(dsa.stdout)).toMatchObject({ statements: [{ puid: expect.any(String) }] })
  const xarf = await run('xarf', id)
  expect(api.xarfSchema.parse(JSON.parse(xarf.stdout))).toMatchObject({ type: 'spam' })
  const file = join(tempDir(), 'report.eml')
  expect(await run('arf', id, '--out', file)).toMatchObject({ exitCode: 0, stdout: '' })
  expect(readFileSync(file, 'utf8')).toContain('Feedback-Type: abuse\r\n')
  expect(statSync(file).mode & 0o777).toBe(0o600)
  expect(await run('arf', id, '--out', file)).toMatchObject({ exitCode: 2 })
  expect(await run('pdf', id)).toMatchObject({ exitCode: 2 })
  expect(await run('xarf')).toMatchObject({ exitCode: 2 })
})

test('a refusal says its reason, and leaves no file', async () => {
  const server = await caseServer()
  const id = await claimed(server)
  await server.desk.decisions.decide(ann, id, { form: banForm() })
  const file = join(tempDir(), 'xarf.json')
  const run = (...args: string[]) => runCli([...args, '--as', 'ann', '--mfa', ...server.socket])
  const refused = await run('reports', 'export', 'xarf', id, '--out', file)
  expect(refused).toMatchObject({ exitCode: 1, stderr: 'export-refused no-type\n' })
  expect(() => statSync(file)).toThrow('ENOENT')
})

test('what is taken back, or names somebody, is told beside the statements', async () => {
  const server = await caseServer()
  const id = await decidedSpam(server)
  const run = (...args: string[]) =>
    runCli(['reports', 'export', 'dsa', ...args, '--as', 'ann', '--mfa', ...server.socket])
  await run()
  await server.desk.decisions.undo(ann, id, { note: '' })
  await server.desk.leases.claim(ann, id)
  const ground = { kind: 'terms' as const, reference: 'ann@b.example', explanation: 'x' }
  await server.desk.decisions.decide(ann, id, { form: banForm({ ground }) })
  const told = await run()
  expect(told).toMatchObject({ exitCode: 1, stdout: '' })
  expect(told.stderr).toMatch(/^refused: dec-\w+ names-somebody\ntaken back: [\w-]{43}\n$/)
  const day = new Date(server.time.nowMs + DAY_MS).toISOString().slice(0, 10)
  expect(await run('--from', day)).toMatchObject({ exitCode: 0, stdout: '', stderr: '' })
  expect(await run('--from', 'yesterday')).toMatchObject({ stderr: 'malformed-request\n' })
})

test('counts are JSON or CSV', async () => {
  const server = await caseServer()
  await decidedSpam(server)
  const month = new Date(server.time.nowMs).toISOString().slice(0, 7)
  server.time.nowMs += 32 * DAY_MS
  const run = (...args: string[]) =>
    runCli(['reports', 'transparency', ...args, '--as', 'ann', '--mfa', ...server.socket])
  const months = ['--from', month, '--to', month]
  const json = api.transparencySchema.parse(JSON.parse((await run(...months)).stdout))
  expect(json).toMatchObject({ from: month, countedFrom: month, providersFrom: 5 })
  const csv = (await run(...months, '--csv')).stdout
  expect(csv.split('\r\n')).toContain('reports,category,spam,1')
  expect(csv.trim().split('\r\n')).toHaveLength(json.rows.length + 1)
  expect(await run('--from', month)).toMatchObject({ exitCode: 2 })
  expect(await run('--from', '2026-13', '--to', month)).toMatchObject({ exitCode: 1 })
})
