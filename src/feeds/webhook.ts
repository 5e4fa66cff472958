import { createHmac, createSecretKey, type KeyObject } from 'node:crypto'
import { OutsideClient, type OutsideClientOptions } from '../delivery/outside-client.ts'
import { retryAfterMs } from '../delivery/retry-after.ts'
import type { Clock } from '../model/clock.ts'
import { GatewayError } from '../model/errors.ts'
import type { Receiver } from './feed.ts'
import { triageOf, type Numbered } from './happenings.ts'

export interface WebhookOptions extends OutsideClientOptions {
  /** In force, and during a rotation another one. */
  readonly secrets: readonly KeyObject[]
  readonly clock: Clock
}

/** Posts one event at a time, signed as in Standard Webhooks 1.0. Throws `configuration-invalid`. */
export function webhookReceiver(options: WebhookOptions): Receiver {
  const { secrets, clock } = options
  const client = new OutsideClient(options)
  return {
    batchMax: 1,
    deliver: async ([happening], signal) => {
      if (happening === undefined) throw new GatewayError('internal')
      const body = webhookBody(happening)
      const headers = webhookHeaders(secrets, { id: happening.id, atMs: clock(), body })
      const answer = await client.post(headers, Buffer.from(body), signal)
      return {
        status: answer.status,
        retryAfterMs: retryAfterMs(answer.headers['retry-after'], clock),
      }
    },
    close: () => client[Symbol.asyncDispose](),
  }
}

/** What is said of an event; the same octets whenever it is sent. */
export function webhookBody(happening: Numbered): string {
  const { name, atMs, number, category, state, deadlineMs, outcome, result, kind } = happening
  const envelope = { type: name, timestamp: minuteOf(atMs) }
  if (name === 'test') return JSON.stringify({ ...envelope, data: { number } })
  const { queue, severity } = triageOf(happening)
  const about = { number, case: happening.case, category, severity, queue }
  const data = {
    ...about,
    verification: result,
    sanction: kind,
    state,
    deadline: deadlineMs === undefined ? undefined : minuteOf(deadlineMs),
    outcome: outcome === undefined ? undefined : classOf(outcome),
  }
  return JSON.stringify({ ...envelope, data })
}

/** Name, value, name, value. Standard Webhooks 1.0, "Webhook headers". */
export function webhookHeaders(
  secrets: readonly KeyObject[],
  { id, atMs, body }: { readonly id: string; readonly atMs: number; readonly body: string },
): string[] {
  const seconds = String(Math.floor(atMs / 1_000))
  const signatures = secrets.map((secret) => signatureOf(secret, `${id}.${seconds}.${body}`))
  return [
    'content-type',
    'application/json',
    'user-agent',
    'postern',
    'webhook-id',
    id,
    'webhook-timestamp',
    seconds,
    'webhook-signature',
    signatures.join(' '),
  ]
}

/** The secret that a file holds: `whsec_` and 24 to 64 octets in Base64. Throws `key-unavailable`. */
export function parseWebhookSecret(text: string): KeyObject {
  const [, encoded = ''] = /^whsec_([A-Za-z0-9+/]+={0,2})$/.exec(text.trim()) ?? []
  const secret = Buffer.from(encoded, 'base64')
  if (secret.length < SECRET_BYTES_MIN || secret.length > SECRET_BYTES_MAX)
    throw new GatewayError('key-unavailable', { facts: { reason: 'malformed' } })
  return createSecretKey(secret)
}

function signatureOf(secret: KeyObject, signed: string): string {
  return `v1,${createHmac('sha256', secret).update(signed).digest('base64')}`
}

/** Nobody outside is told that a report was unfounded: that nothing was done says enough. */
function classOf(outcome: string): string {
  return outcome === 'unfounded' ? 'no-action' : outcome
}

function minuteOf(atMs: number): string {
  return `${new Date(atMs).toISOString().slice(0, 16)}:00Z`
}

const SECRET_BYTES_MIN = 24
const SECRET_BYTES_MAX = 64
