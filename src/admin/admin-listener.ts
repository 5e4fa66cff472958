import type { AddressInfo } from 'node:net'
import type { Log } from '../signals/log.ts'
import { createAdminApp } from './admin-app.ts'
import type { Health } from './control-api.ts'

export interface AdminListenerOptions {
  readonly host: string
  /** 0 lets the system choose. */
  readonly port: number
  readonly health: () => Health
  /** Metrics in Prometheus' text format. */
  readonly metricsText: () => Promise<string>
  readonly log: Log
}

export interface AdminListener extends AsyncDisposable {
  /** `http://host:port` */
  readonly url: string
}

/**
 * `/metrics` for Prometheus; `/healthz`: the process answers; `/readyz`: 200 when it can serve, else
 * 503, with the state of each component. Bind it to loopback or a private network: it asks for no name.
 */
export async function startAdminListener(options: AdminListenerOptions): Promise<AdminListener> {
  const { host, port, health, metricsText, log } = options
  const app = createAdminApp(log)
  app.get('/healthz', (_, reply) => reply.send({ status: 'alive' }))
  app.get('/readyz', (_, reply) => {
    const state = health()
    return reply.code(state.status === 'ready' ? 200 : 503).send(state)
  })
  app.get('/metrics', async (_, reply) =>
    reply.type('text/plain; version=0.0.4; charset=utf-8').send(await metricsText()),
  )
  await app.listen({ host, port })
  return {
    url: urlOf(app.server.address()),
    [Symbol.asyncDispose]: () => app.close(),
  }
}

function urlOf(address: AddressInfo | string | null): string {
  if (address === null || typeof address === 'string') throw new TypeError('expected a TCP address')
  const host = address.family === 'IPv6' ? `[${address.address}]` : address.address
  return `http://${host}:${address.port}`
}
