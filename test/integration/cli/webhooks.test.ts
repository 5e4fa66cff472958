import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { startControlSocket } from '../../../src/admin/control-socket.ts'
import { createLog } from '../../../src/signals/log.ts'
import { controlHandlers } from '../../support/control-handlers.ts'
import { hook, lifeOf, toldCases } from '../../support/feeds.ts'
import { outsideServer } from '../../support/outside-server.ts'
import { runCli } from '../../support/run-cli.ts'
import { tempDir } from '../../support/temp-dir.ts'

test('webhooks are listed, tested and redriven from the command line', async () => {
  const server = await outsideServer()
  server.reactions.push(200, 404)
  const cases = await toldCases([hook(server)])
  const path = join(tempDir(), 'c.sock')
  const log = createLog('silent', { write: () => {} })
  const { feeds } = cases
  const control = await startControlSocket({ path, handlers: controlHandlers(), feeds, log })
  onTestFinished(() => control[Symbol.asyncDispose]())
  const run = (...args: string[]) => runCli(['webhooks', ...args, '--socket', path])
  const id = await lifeOf(cases)
  await feeds.pump()

  const list = await run('list')
  expect(list.stdout).toBe('desk             webhook  up  number 4  waiting 0  dead 1  lost 0\n')
  expect((await run('list', '--json')).stdout).not.toContain('127.0.0.1')
  expect((await run('list', '--dead', 'desk')).stdout).toContain(
    `       2  report.received  ${id}  rejected 404\n`,
  )
  expect(await run('list', '--dead', 'nobody')).toMatchObject({
    exitCode: 1,
    stderr: 'not-found\n',
  })
  expect(await run('redrive', 'desk', '--number', '1')).toMatchObject({
    stdout: '0 to be tried again\n',
  })
  expect(await run('redrive', 'desk')).toMatchObject({ stdout: '1 to be tried again\n' })
  await feeds.pump()
  expect((await run('list', '--dead', 'desk')).stdout).toBe('no dead letters\n')

  expect(await run('test', 'desk')).toMatchObject({ exitCode: 0, stdout: 'taken: 200\n' })
  server.reactions.push(404)
  expect(await run('test', 'desk')).toMatchObject({ exitCode: 1, stdout: 'not taken: 404\n' })
  server.reactions.push('cut')
  expect(await run('test', 'desk')).toMatchObject({ exitCode: 1, stdout: 'peer-unreachable\n' })
  server.reactions.push('cut')
  await cases.report({ subject: 'mimi://b.example/u/p2', words: 'more' })
  await feeds.pump()
  expect((await run('list')).stdout).toContain('failed 1 times: peer-unreachable')
  await feeds.configure([])
  expect((await run('list')).stdout).toBe('nobody is told\n')
})
