import { request } from 'undici'
import { expect, onTestFinished, test } from 'vitest'
import { startAdminListener } from '../../../src/admin/admin-listener.ts'
import type { Health } from '../../../src/admin/control-api.ts'
import { createLog } from '../../../src/signals/log.ts'
import { controlHandlers } from '../../support/control-handlers.ts'

const silent = createLog('silent', { write: () => {} })

async function start(health: () => Health = controlHandlers().health) {
  const listener = await startAdminListener({
    host: '127.0.0.1',
    port: 0,
    health,
    metricsText: () => Promise.resolve('postern_up 1\n'),
    log: silent,
  })
  onTestFinished(() => listener[Symbol.asyncDispose]())
  return async (path: string) => {
    const { statusCode, headers, body } = await request(`${listener.url}${path}`)
    return { status: statusCode, type: headers['content-type'], text: await body.text() }
  }
}

test('/metrics is in the text format of Prometheus', async () => {
  const get = await start()
  expect(await get('/metrics')).toEqual({
    status: 200,
    type: 'text/plain; version=0.0.4; charset=utf-8',
    text: 'postern_up 1\n',
  })
})

test('/readyz shows each component and is 503 unless ready', async () => {
  const health = controlHandlers().health()
  const get = await start()
  expect((await get('/readyz')).status).toBe(200)
  const drained = await start(() => ({ ...health, status: 'draining' }))
  const { status, text } = await drained('/readyz')
  expect(status).toBe(503)
  expect(JSON.parse(text)).toMatchObject({ status: 'draining', components: { store: {} } })
})

test('/healthz answers also when the gateway is not ready', async () => {
  const get = await start(() => ({ ...controlHandlers().health(), status: 'not-ready' }))
  expect((await get('/healthz')).status).toBe(200)
})

test('there is nothing else on the admin listener', async () => {
  const get = await start()
  expect((await get('/control/v1/reports')).status).toBe(404)
})
