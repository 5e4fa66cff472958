import { z } from 'zod'
import { assetLimitDefaults as assets, type AssetLimits } from '../delivery/asset-limits.ts'
import { outboxLimitDefaults as outbox, type OutboxLimits } from '../delivery/outbox-limits.ts'
import { peerLimitDefaults as peer, type PeerLimits } from '../delivery/peer-call.ts'
import { upstreamLimitDefaults as upstream, type UpstreamLimits } from '../delivery/upstream.ts'
import {
  listenerLimitDefaults as listener,
  type ListenerLimits,
} from '../listener/listener-limits.ts'
import { integer } from './fields.ts'

function octets(value: number, description: string) {
  return integer({ min: 1_024, max: GIB, what: 'octets' }).default(value).describe(description)
}

function count(value: number, description: string) {
  return integer({ min: 1, max: COUNT_MAX, what: 'a count' }).default(value).describe(description)
}

function milliseconds(value: number, description: string) {
  return integer({ min: 1, max: YEAR_MS, what: 'milliseconds' })
    .default(value)
    .describe(description)
}

const GIB = 1_024 ** 3
const COUNT_MAX = 1_000_000_000
const YEAR_MS = 365 * 86_400_000

const listenerSchema = z.strictObject({
  connectionsMax: count(listener.connectionsMax, 'Open connections.'),
  connectionsPerPeerMax: count(listener.connectionsPerPeerMax, 'Open connections of one provider.'),
  handshakesPerAddressMax: count(
    listener.handshakesPerAddressMax,
    'TLS handshakes under way from one address.',
  ),
  inFlightMax: count(listener.inFlightMax, 'Requests under way.'),
  headerBytesMax: octets(listener.headerBytesMax, 'All headers of a request together.'),
  headersMs: milliseconds(
    listener.headersMs,
    'For a TLS handshake, and for the head of a request.',
  ),
  requestMs: milliseconds(listener.requestMs, 'For a whole request to arrive.'),
  keepAliveMs: milliseconds(listener.keepAliveMs, 'How long an idle connection stays open.'),
  inactiveMs: milliseconds(listener.inactiveMs, 'How long nothing may move on a connection.'),
  checkMs: milliseconds(listener.checkMs, 'How often these times are looked at.'),
} satisfies Record<keyof ListenerLimits, unknown>)

const upstreamSchema = z.strictObject({
  connectionsMax: count(upstream.connectionsMax, 'Connections to the delivery service.'),
  inFlightMax: count(upstream.inFlightMax, 'Calls that are out or wait for a connection.'),
  answerBytesMax: octets(upstream.answerBytesMax, 'Largest answer.'),
  deadlineMs: milliseconds(upstream.deadlineMs, 'For a whole call.'),
  connectMs: milliseconds(upstream.connectMs, 'To connect.'),
  probeDeadlineMs: milliseconds(upstream.probeDeadlineMs, 'For a health probe.'),
} satisfies Record<Exclude<keyof UpstreamLimits, 'breaker'>, unknown>)

const peerSchema = z.strictObject({
  connectionsMax: count(peer.connectionsMax, 'Connections that we open to one provider.'),
  inFlightMax: count(peer.inFlightMax, 'Calls to one provider that are out or wait.'),
  answerBytesMax: octets(peer.answerBytesMax, 'Largest answer.'),
  deadlineMs: milliseconds(peer.deadlineMs, 'For a whole call.'),
  connectMs: milliseconds(peer.connectMs, 'To connect.'),
  idleMs: milliseconds(peer.idleMs, 'How long an idle connection stays open.'),
  directoryBytesMax: octets(peer.directoryBytesMax, 'Largest directory document.'),
  directoryDeadlineMs: milliseconds(peer.directoryDeadlineMs, 'To fetch a directory.'),
  peersMax: count(peer.peersMax, 'Providers with open connections.'),
} satisfies Record<Exclude<keyof PeerLimits, 'breaker'>, unknown>)

const assetsSchema = z.strictObject({
  bytesMax: octets(assets.bytesMax, 'Largest asset.'),
  headMs: milliseconds(assets.headMs, 'Until an asset begins to arrive.'),
  deadlineMs: milliseconds(assets.deadlineMs, 'Until its last byte has been read.'),
  connectionsMax: count(assets.connectionsMax, 'Connections to one host, or to one hub.'),
  connectMs: milliseconds(assets.connectMs, 'To connect.'),
  idleMs: milliseconds(assets.idleMs, 'How long an idle connection stays open.'),
  inFlightMax: count(assets.inFlightMax, 'Downloads under way.'),
  inFlightPerPeerMax: count(assets.inFlightPerPeerMax, 'Downloads under way for one provider.'),
} satisfies Record<keyof AssetLimits, unknown>)

const outboxSchema = z.strictObject({
  deliveriesMax: count(outbox.deliveriesMax, 'Deliveries that wait, over all providers.'),
  deliveriesPerPeerMax: count(
    outbox.deliveriesPerPeerMax,
    'Deliveries that wait for one provider.',
  ),
  bytesMax: octets(outbox.bytesMax, 'Bodies that wait, each counted once.'),
  memoryBytesMax: octets(outbox.memoryBytesMax, 'How much of them is held in memory too.'),
  inFlightPerPeerMax: count(outbox.inFlightPerPeerMax, 'Deliveries under way to one provider.'),
  attemptsMax: count(outbox.attemptsMax, 'Attempts that a provider answered, before giving up.'),
  ageMsMax: milliseconds(outbox.ageMsMax, 'Age at which a delivery is given up.'),
  backoff: z
    .strictObject({
      baseMs: milliseconds(outbox.backoff.baseMs, 'Wait after the first failure; it doubles.'),
      maxMs: milliseconds(outbox.backoff.maxMs, 'Longest wait.'),
    })
    .prefault({})
    .describe('Waits between attempts.'),
  deadMax: count(outbox.deadMax, 'Deliveries that were given up and are kept for the operator.'),
  deadAgeMsMax: milliseconds(outbox.deadAgeMsMax, 'How long they are kept.'),
  flushMs: milliseconds(outbox.flushMs, 'How long what was delivered may be unwritten.'),
  flushCountMax: count(outbox.flushCountMax, 'How many that may be.'),
} satisfies Record<keyof OutboxLimits, unknown>)

/** Every bound of the process that an operator may move. */
export const limitsSchema = z.strictObject({
  listener: listenerSchema.prefault({}).describe('The peers listener.'),
  upstream: upstreamSchema.prefault({}).describe('Calls to our delivery service.'),
  peer: peerSchema.prefault({}).describe('Calls to other providers.'),
  assets: assetsSchema
    .prefault({})
    .describe('Assets that we fetch, for others or for our clients.'),
  outbox: outboxSchema.prefault({}).describe('The queue of notifications to followers.'),
  limiterKeysMax: count(200_000, 'Budgets that the rate limiter keeps in memory.'),
  drainMs: milliseconds(10_000, 'For what is under way when we stop.'),
})
export type Limits = z.infer<typeof limitsSchema>
