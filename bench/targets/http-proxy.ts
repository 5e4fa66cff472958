import { fastify } from 'fastify'
import { fastifyHttpProxy } from '@fastify/http-proxy'
import { readProxyData, tlsOptions } from './proxy-data.ts'

// Row b2: what one would take from the shelf.

const data = readProxyData()
const app = fastify({ logger: false, https: tlsOptions(data) })
await app.register(fastifyHttpProxy, {
  upstream: data.upstream,
  undici: { connections: 64, pipelining: 1 },
})
await app.listen({ host: '127.0.0.1', port: data.port })
process.on('SIGTERM', () => process.exit())
