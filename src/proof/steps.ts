import type { Operation } from '../model/exchange.ts'
import { attestedSender } from './attest.ts'
import type { Canary } from './canary.ts'
import type { Script } from './capture-server.ts'
import type { Play, Step } from './play.ts'
import type { Marks, Scenario, View } from './scenario.ts'

export interface Place {
  readonly operation: Operation
  readonly target: string
  readonly body: Buffer
}

export interface Asked {
  readonly name: string
  readonly view: View
  readonly place: Place
  /** What whoever is asked says: our delivery service, or the other provider. */
  readonly answer: Script
  readonly request: Marks
  readonly response: Marks
}

/** One exchange: a peer asks our delivery service, or one of our clients asks a peer. */
export function askedScenario({ name, view, place, answer, request, response }: Asked): Scenario {
  const { direction, other } = view
  if (other !== undefined) request.put('provider', 'provider.domain', other)
  const isPeers = direction === 'ingress' && other !== undefined
  const step = isPeers ? fromPeer(other, place, request) : fromInside(place, request)
  const play: Play = { steps: [step], [direction === 'ingress' ? 'upstream' : 'peer']: answer }
  const canaries: readonly Canary[] = [...request.all, ...response.all]
  return { name, views: [view], play, canaries }
}

/** A request of another provider, with its sender's network in every header that could carry it. */
export function fromPeer(domain: string, { operation, target, body }: Place, marks: Marks): Step {
  return { from: 'peer', domain, operation, target, body, headers: headersOf(operation, marks) }
}

/** A request that our delivery service hands on for a client of ours. */
export function fromInside({ operation, target, body }: Place, marks: Marks): Step {
  const path = `${operation}/${encodeURIComponent(target)}`
  const headers = headersOf(operation, marks)
  return operation === 'proxyDownload'
    ? { from: 'inside', method: 'GET', path, headers }
    : { from: 'inside', path, body, headers }
}

function headersOf(operation: Operation, marks: Marks): Readonly<Record<string, string>> {
  const hasSender = operation === 'submitMessage' || operation === 'update'
  return { ...networkHeaders(marks), ...(hasSender && attestedSender(marks)) }
}

function networkHeaders(marks: Marks): Readonly<Record<string, string>> {
  return Object.fromEntries(
    HEADERS.map((name) => [name, marks.word(`header-${name}`, 'sender.network')]),
  )
}

const HEADERS = [
  'x-forwarded-for',
  'x-real-ip',
  'forwarded',
  'via',
  'user-agent',
  'cookie',
  'referer',
  'accept-language',
  'traceparent',
  'x-request-id',
] as const
