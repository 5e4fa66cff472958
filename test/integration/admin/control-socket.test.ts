import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { Agent, request } from 'undici'
import { expect, onTestFinished, test } from 'vitest'
import { startControlSocket } from '../../../src/admin/control-socket.ts'
import type { ControlHandlers } from '../../../src/admin/control-api.ts'
import { createLog } from '../../../src/signals/log.ts'
import { controlHandlers } from '../../support/control-handlers.ts'
import { tempDir } from '../../support/temp-dir.ts'

const silent = createLog('silent', { write: () => {} })

async function start(overrides: Partial<ControlHandlers> = {}, path = join(tempDir(), 'c.sock')) {
  const socket = await startControlSocket({
    path,
    handlers: controlHandlers(overrides),
    log: silent,
  })
  const dispatcher = new Agent({ connect: { socketPath: path } })
  onTestFinished(async () => {
    await dispatcher.close()
    await socket[Symbol.asyncDispose]()
  })
  const call = async (target: string, method: 'GET' | 'POST' = 'GET') => {
    const { statusCode, body } = await request(`http://control${target}`, { dispatcher, method })
    return { status: statusCode, json: await body.json() }
  }
  return { path, socket, call }
}

test('the control socket opens for its own user only', async () => {
  const { path } = await start()
  expect(statSync(path).mode & 0o777).toBe(0o600)
})

test('the control socket has its mode from its first moment', async () => {
  const path = join(tempDir(), 'c.sock')
  const modes = new Set<number>()
  const starting = start({}, path)
  const watch = setInterval(() => existsSync(path) && modes.add(statSync(path).mode & 0o777), 0)
  await starting
  clearInterval(watch)
  modes.add(statSync(path).mode & 0o777)
  expect([...modes]).toEqual([0o600])
})

test('each question has its answer', async () => {
  const { call } = await start()
  expect((await call('/control/v1/health')).json).toMatchObject({ status: 'ready' })
  expect((await call('/control/v1/rooms')).json).toMatchObject({ rooms: [{ epoch: '7' }] })
  expect((await call('/control/v1/reload', 'POST')).json).toMatchObject({ outcome: 'applied' })
  expect((await call('/control/v1/reports?limit=5')).json).toMatchObject({
    reports: [{ id: 'r1' }],
  })
})

test('bad questions get coded problems', async () => {
  const { call } = await start()
  expect(await call('/control/v1/reports/r2')).toMatchObject({
    status: 404,
    json: { code: 'not-found' },
  })
  for (const bad of ['reports?limit=0', 'reports?foo=1', 'reports/a%20b'])
    expect(await call(`/control/v1/${bad}`)).toMatchObject({
      status: 400,
      json: { code: 'malformed-request' },
    })
  expect((await call('/other')).status).toBe(404)
})

test('a failing handler is an opaque internal problem', async () => {
  const { call } = await start({
    listReports: () => Promise.reject(new TypeError('mimi://a.example/u/alice')),
  })
  const { status, json } = await call('/control/v1/reports')
  expect(status).toBe(500)
  expect(JSON.stringify(json)).not.toContain('alice')
})

test('what a dead process left behind is replaced, what is no socket is spared', async () => {
  const path = join(tempDir(), 'c.sock')
  const dies = `require('node:net').createServer().listen(process.argv[1], () => process.kill(process.pid, 'SIGKILL'))`
  spawnSync(process.execPath, ['-e', dies, path])
  expect(existsSync(path)).toBe(true)
  const { call } = await start({}, path)
  expect((await call('/control/v1/health')).status).toBe(200)
  const file = join(tempDir(), 'file')
  writeFileSync(file, 'keep')
  await expect(start({}, file)).rejects.toMatchObject({ code: 'configuration-invalid' })
  expect(readFileSync(file, 'utf8')).toBe('keep')
})

test('a live socket of another process is not taken over', async () => {
  const path = join(tempDir(), 'c.sock')
  const other = createServer().listen(path)
  onTestFinished(() => void other.close())
  await expect(start({}, path)).rejects.toMatchObject({
    code: 'configuration-invalid',
    facts: { reason: 'socket-in-use' },
  })
})

test('a path that is too long for a socket is refused', async () => {
  await expect(start({}, join(tempDir(), 'x'.repeat(120)))).rejects.toMatchObject({
    code: 'configuration-invalid',
  })
})

test('the socket is gone once it is closed', async () => {
  const { path, socket } = await start()
  await socket[Symbol.asyncDispose]()
  expect(existsSync(path)).toBe(false)
})
