import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { z } from 'zod'
import { parseMimiUri } from '../model/ids.ts'
import { authenticate, registerClient } from './accounts.ts'
import { answerClient } from './client-operations.ts'
import type { Account, DsContext } from './context.ts'
import { createRoom } from './create-room.ts'
import { EVENT_WAIT_MS_MAX, type QueuedEvent } from './event-queues.ts'
import type { GatewayAnswer, GatewayDownload } from './gateway-link.ts'
import { bodyOf, headerOf, naturalQuery, octetServer, param } from './http.ts'
import { uploadKeyPackages } from './key-packages.ts'
import { leaveStatement } from './members.ts'
import { DsProblem } from './problems.ts'
import { operationOf } from './upstream-listener.ts'

/** The API of our own clients: docs/reference-ds.md. */
export function clientListener(ctx: DsContext): FastifyInstance {
  const server = octetServer(ctx.log)
  server.post('/client/v1/clients', async (request, reply) => {
    const token = await registerClient(ctx, parseRegistration(bodyOf(request)))
    return reply.code(201).send({ token })
  })
  server.post('/client/v1/keyPackages', async (request, reply) => {
    await uploadKeyPackages(ctx, accountOf(ctx, request), bodyOf(request))
    return reply.code(204).send()
  })
  server.get('/client/v1/hubKeys', async (request, reply) => {
    accountOf(ctx, request)
    return pass(reply, await ctx.gateway.hubKeys(naturalQuery(request, 'ciphersuite', 1)))
  })
  server.get('/client/v1/events', async (request, reply) => {
    const events = await readEvents(ctx, request, reply)
    return reply.send({ events: events.map(eventDocument) })
  })
  server.post('/client/v1/rooms/:target', async (request, reply) => {
    const ask = { target: param(request, 'target'), bytes: bodyOf(request) }
    return pass(reply, await createRoom(ctx, accountOf(ctx, request), ask))
  })
  server.delete('/client/v1/rooms/:target', async (request, reply) => {
    const { client } = accountOf(ctx, request)
    const room = parseMimiUri(param(request, 'target'), 'room')
    await ctx.store.writeAll([leaveStatement(room, client)])
    return reply.code(204).send()
  })
  server.get('/client/v1/proxyDownload/:target', async (request, reply) => {
    accountOf(ctx, request)
    const url = param(request, 'target')
    return passDownload(reply, await ctx.gateway.download(url, headerOf(request, 'postern-hub')))
  })
  server.post('/client/v1/:operation/:target', async (request, reply) => {
    const account = accountOf(ctx, request)
    const operation = operationOf(param(request, 'operation'))
    const senderProof = headerOf(request, 'postern-sender-proof')
    const ask = {
      operation,
      target: param(request, 'target'),
      bytes: bodyOf(request),
      senderProof,
    }
    return pass(reply, await answerClient(ctx, account, ask))
  })
  return server
}

const registrationSchema = z.strictObject({
  user: z.string(),
  client: z.string(),
  requireConsent: z.boolean().optional(),
  profile: z
    .strictObject({
      handle: z.string().min(1).max(256).optional(),
      nick: z.string().min(1).max(256).optional(),
      email: z.string().min(1).max(256).optional(),
      phone: z.string().min(1).max(256).optional(),
    })
    .optional(),
})

function parseRegistration(body: Buffer): z.infer<typeof registrationSchema> {
  try {
    return registrationSchema.parse(JSON.parse(body.toString('utf8')))
  } catch (cause) {
    throw new DsProblem('malformed-body', cause)
  }
}

function accountOf(ctx: DsContext, request: FastifyRequest): Account {
  return authenticate(ctx, headerOf(request, 'authorization'))
}

async function readEvents(
  ctx: DsContext,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<readonly QueuedEvent[]> {
  const { client } = accountOf(ctx, request)
  const gone = new AbortController()
  reply.raw.once('close', () => gone.abort())
  return ctx.queues.read({
    client,
    after: naturalQuery(request, 'after', 0),
    waitMs: Math.min(naturalQuery(request, 'waitMs', 0), EVENT_WAIT_MS_MAX),
    signal: AbortSignal.any([ctx.gateway.signal, gone.signal]),
  })
}

function eventDocument({ id, kind, room, change, body }: QueuedEvent): object {
  const bytes = body.toString('base64')
  return kind === 'consent' ? { id, kind, change, body: bytes } : { id, kind, room, body: bytes }
}

/** What the gateway answered, as it answered it. */
function pass(reply: FastifyReply, answer: GatewayAnswer): FastifyReply {
  return passHead(reply, answer).send(answer.bytes)
}

/** The same as it arrives. */
function passDownload(reply: FastifyReply, answer: GatewayDownload): FastifyReply {
  if (answer.length !== undefined) void reply.header('content-length', answer.length)
  return passHead(reply, answer).send(answer.body)
}

function passHead(
  reply: FastifyReply,
  { status, contentType, retryAfter, challenge, reportReceipt }: Omit<GatewayAnswer, 'bytes'>,
): FastifyReply {
  void reply.code(status)
  if (contentType !== undefined) void reply.header('content-type', contentType)
  if (retryAfter !== undefined) void reply.header('retry-after', retryAfter)
  if (challenge !== undefined) void reply.header('www-authenticate', challenge)
  if (reportReceipt !== undefined) void reply.header('mimi-report-receipt', reportReceipt)
  return reply
}
