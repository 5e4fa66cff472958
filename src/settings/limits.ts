import { z } from 'zod'
import { integer } from './fields.ts'

const KIB = 1_024
const MIB = 1_024 * KIB
const SECOND_MS = 1_000
const MINUTE_MS = 60 * SECOND_MS
const DAY_MS = 24 * 60 * MINUTE_MS

function bytes(value: number, max: number, description: string) {
  return integer({ min: 1, max, what: 'octets' }).default(value).describe(description)
}

function count(value: number, max: number, description: string) {
  return integer({ min: 1, max, what: 'a count' }).default(value).describe(description)
}

function milliseconds(value: number, max: number, description: string) {
  return integer({ min: 1, max, what: 'milliseconds' }).default(value).describe(description)
}

/** Every bound of the process that an operator may move. */
export const limitsSchema = z.strictObject({
  bodyBytesMax: bytes(MIB, 64 * MIB, 'Largest body of a request or an answer.'),
  headerBytesMax: bytes(16 * KIB, MIB, 'All headers of a request together.'),
  connectionsMax: count(1_024, 1_000_000, 'Open connections of the peers listener.'),
  connectionsPerPeerMax: count(64, 100_000, 'Open connections of one provider.'),
  headersTimeoutMs: milliseconds(10_000, MINUTE_MS, 'Time for the headers of a request.'),
  requestTimeoutMs: milliseconds(30_000, 10 * MINUTE_MS, 'Time for a whole request to arrive.'),
  keepAliveTimeoutMs: milliseconds(72_000, 10 * MINUTE_MS, 'How long an idle connection lives.'),
  upstreamConnectionsMax: count(64, 10_000, 'Connections to the delivery service.'),
  upstreamTimeoutMs: milliseconds(
    10_000,
    10 * MINUTE_MS,
    'Time for the delivery service to answer.',
  ),
  peerConnectionsMax: count(8, 1_000, 'Connections that we open to one provider.'),
  peerConnectTimeoutMs: milliseconds(5_000, MINUTE_MS, 'Time to connect to a provider.'),
  peerTimeoutMs: milliseconds(15_000, 10 * MINUTE_MS, 'Time for a provider to answer.'),
  directoryCacheMs: milliseconds(60 * MINUTE_MS, DAY_MS, 'How long a directory is believed.'),
  queueLengthMax: count(100_000, 100_000_000, 'Undelivered notifications for one provider.'),
  queueAgeMaxMs: milliseconds(
    7 * DAY_MS,
    90 * DAY_MS,
    'Age at which an undelivered one is given up.',
  ),
  roomsInMemoryMax: count(10_000, 10_000_000, 'Rooms whose public state is kept in memory.'),
  plansInMemoryMax: count(100_000, 100_000_000, 'Disclosure plans that are kept in memory.'),
  limiterKeysMax: count(1_000_000, 1_000_000_000, 'Keys that the rate limiter keeps in memory.'),
  longPollMs: milliseconds(25_000, 2 * MINUTE_MS, 'Longest wait of a long poll.'),
  drainTimeoutMs: milliseconds(10_000, 10 * MINUTE_MS, 'Time for what is in flight when we stop.'),
})
export type Limits = z.infer<typeof limitsSchema>

/** A budget refills at `perMinute` and never holds more than `burst`. */
const rate = z.strictObject({
  perMinute: integer({ min: 1, max: 100_000_000, what: 'a rate' }).describe(
    'Requests that are allowed per minute in the long run.',
  ),
  burst: integer({ min: 1, max: 10_000_000, what: 'a burst' }).describe(
    'Requests that are allowed at once.',
  ),
})
export type Rate = z.infer<typeof rate>

interface Steps {
  readonly peer: Rate
  readonly room: Rate
  readonly sender: Rate
}

function budget(steps: Steps, description: string) {
  return z
    .strictObject({
      peer: rate.default(steps.peer).describe('Of one provider.'),
      room: rate.default(steps.room).describe('Of one provider in one room.'),
      sender: rate.default(steps.sender).describe('Of one sender in one room.'),
    })
    .prefault({})
    .describe(description)
}

function rates(peer: number, room: number, sender: number): Steps {
  return { peer: halfAtOnce(peer), room: halfAtOnce(room), sender: halfAtOnce(sender) }
}

function halfAtOnce(perMinute: number): Rate {
  return { perMinute, burst: Math.ceil(perMinute / 2) }
}

/** Separate budgets, so that a flood of one kind leaves the others alone. */
export const ratesSchema = z.strictObject({
  submitMessage: budget(rates(60_000, 6_000, 120), 'Application messages.'),
  update: budget(rates(6_000, 600, 60), 'Commits and proposals.'),
  notify: budget(rates(120_000, 12_000, 12_000), 'Fan-out from hubs; `sender` does not apply.'),
  keyMaterial: budget(rates(1_200, 120, 30), 'Requests for KeyPackages.'),
  groupInfo: budget(rates(600, 60, 20), 'Requests for GroupInfo.'),
  identifierQuery: budget(rates(300, 300, 20), 'Searches for people.'),
  consent: budget(rates(1_200, 120, 20), 'Consent requests and updates.'),
  reports: budget(rates(300, 60, 10), 'Abuse reports.'),
  refusals: budget(rates(600, 120, 30), 'What was refused: the price of trying.'),
})
export type Rates = z.infer<typeof ratesSchema>
