import { DatabaseSync } from 'node:sqlite'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { OutgoingHttpHeaders } from 'node:http'
import type { Agent } from 'node:https'
import type { TlsIdentity } from '../../src/delivery/tls-identity.ts'
import type { Operation } from '../../src/model/exchange.ts'
import type { Provider } from './federation.ts'
import { peerRequest, type PeerReply } from './peers-listener.ts'

export interface PeerCall {
  /** The certificate with which it is made. */
  readonly as: TlsIdentity
  /** Of the `From` header. */
  readonly from: string
  readonly operation: Operation
  readonly target: string
  readonly body: Buffer
  readonly headers?: OutgoingHttpHeaders
  /** For connections that are kept; one of its own unless given. */
  readonly agent?: Agent
}

/** A request at a gateway's listener for other providers, as the gateway of `from` would make it. */
export function callPeer(to: Provider, call: PeerCall): Promise<PeerReply> {
  return peerRequest({
    port: Number(new URL(to.gateway.urls.peers).port),
    path: `/${call.operation}/${encodeURIComponent(call.target)}`,
    headers: {
      host: to.domain,
      from: `mimi@${call.from}`,
      'content-type': 'application/octet-stream',
      'mimi-metadata-suite': 'moderated-pseudonyms',
      ...call.headers,
    },
    body: call.body,
    identity: call.as,
    tls: { servername: to.domain },
    ...(call.agent !== undefined && { agent: call.agent }),
  })
}

export interface InternalAnswer {
  readonly status: number
  readonly headers: Headers
  readonly bytes: Buffer
  /** The code of a problem document. */
  readonly code: string | undefined
}

/** A request at a gateway's internal listener, as its delivery service would make it. */
export async function callInternal(
  provider: Provider,
  path: string,
  init: { method?: string; body?: Buffer | string; headers?: Record<string, string> } = {},
): Promise<InternalAnswer> {
  const { body, headers = {}, method = body === undefined ? 'GET' : 'POST' } = init
  const answer = await fetch(`${provider.gateway.urls.internal}${path}`, {
    method,
    headers,
    ...(body === undefined ? {} : { body: Uint8Array.from(Buffer.from(body)) }),
  })
  const bytes = Buffer.from(await answer.arrayBuffer())
  const isProblem = answer.headers.get('content-type') === 'application/problem+json'
  const code = isProblem ? (JSON.parse(bytes.toString()) as { code: string }).code : undefined
  return { status: answer.status, headers: answer.headers, bytes, code }
}

/** The internal path of an operation. */
export function internalPath(operation: string, target: string): string {
  return `/internal/v1/${operation}/${encodeURIComponent(target)}`
}

/** The code of the RFC 9457 problem that a peer was answered. */
export function problemOf({ status, headers, body }: PeerReply): { status: number; code: string } {
  if (headers['content-type'] !== 'application/problem+json') throw new Error('no problem')
  const { code } = JSON.parse(body.toString()) as { code: string }
  return { status, code }
}

/**
 * What a gateway and its reference DS hold of a room once nothing goes out any more, to see that
 * something changed nothing.
 */
export async function holdings(provider: Provider, room: string): Promise<object> {
  const ds = rows(provider, 'reference-ds.sqlite')
  await until(() => ds('SELECT 1 FROM ds_fanouts WHERE room = ?', room).length === 0)
  const followed = await callInternal(provider, internalPath('rooms', room))
  const gateway = rows(provider, 'postern.sqlite')
  return {
    followed: followed.bytes.toString(),
    room: ds('SELECT sequence, accepted_ms FROM ds_rooms WHERE room = ?', room),
    group: ds('SELECT hex(group_info) AS group_info FROM ds_groups WHERE room = ?', room),
    pending: ds('SELECT hex(ref) AS ref FROM ds_pending_proposals WHERE room = ?', room),
    accepted: ds('SELECT count(*) AS count FROM ds_accepted WHERE room = ?', room),
    members: ds('SELECT client FROM ds_members WHERE room = ? ORDER BY client', room),
    claimed: ds('SELECT count(*) AS count FROM ds_key_packages WHERE claimed = 1'),
    stamps: gateway('SELECT count(*) AS count FROM franking_stamps WHERE room = ?', room),
  }
}

/** Reads the rows of one of a provider's stores. */
export function rows(provider: Provider, file: 'reference-ds.sqlite' | 'postern.sqlite') {
  return (sql: string, ...params: readonly (string | number)[]): readonly object[] => {
    const database = new DatabaseSync(join(provider.directory, file), { readOnly: true })
    try {
      return database.prepare(sql).all(...params)
    } finally {
      database.close()
    }
  }
}

/** Waits for something that happens in its own time. Throws after half a minute. */
export async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 30_000
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error('did not happen')
    await delay(10)
  }
}
