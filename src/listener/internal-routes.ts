import type { IncomingHttpHeaders } from 'node:http'
import { pageSecurityPolicy } from '../metadata/html.ts'
import type { Label } from '../metadata/labels/label.ts'
import { labelPage } from '../metadata/labels/page.ts'
import { GatewayError } from '../model/errors.ts'
import type { Operation, OperationMethod } from '../model/exchange.ts'
import type { ListenerResponse } from '../model/handle.ts'
import {
  parseMimiUri,
  parseProviderDomain,
  type MimiUri,
  type ProviderDomain,
} from '../model/ids.ts'
import { prefersPage } from './accept.ts'
import { anonymitySetRoute } from './anonymity-set-route.ts'
import type { InternalHandlers, RoomView } from './internal-handlers.ts'
import {
  INTERNAL_PREFIX,
  json,
  parseBase64,
  parseJson,
  wholeNumber,
  type InternalRoute,
} from './internal-route.ts'
import { internalSchemas } from './internal-schemas.ts'
import { reportNoticesRoute } from './report-notices-route.ts'
import { reportRoutes } from './report-routes.ts'
import { sanctionRoutes } from './sanction-routes.ts'

export interface OperationLimits {
  readonly operation: Operation
  /** POST unless given. */
  readonly method?: OperationMethod | undefined
  readonly bodyBytesMax: number
}

/** All routes below `/internal/v1`, in the order in which they are documented. */
export function internalRoutes(
  handlers: InternalHandlers,
  operations: readonly OperationLimits[],
): readonly InternalRoute[] {
  return [
    ...operations.map((limits) =>
      limits.method === 'GET' ? downloadRoute(handlers, limits) : operationRoute(handlers, limits),
    ),
    ...roomRoutes(handlers),
    fanoutRoute(handlers, operations),
    hubKeysRoute(handlers),
    ...labelRoutes(handlers),
    ...reportRoutes(handlers),
    anonymitySetRoute(handlers),
    ...sanctionRoutes(handlers),
    reportNoticesRoute(handlers),
  ]
}

function operationRoute(
  handlers: InternalHandlers,
  { operation, bodyBytesMax }: OperationLimits,
): InternalRoute {
  return {
    method: 'POST',
    path: `${INTERNAL_PREFIX}/${operation}`,
    variable: 'target',
    summary: `${operation} of a client of ours: the MIMI request in, the MIMI answer out`,
    body: 'octets',
    bodyBytesMax,
    answer: { status: '2XX', body: 'octets' },
    run: ({ target, bytes, context }) => handlers.operation({ operation, target, bytes }, context),
  }
}

/** A GET: nothing in, and the answer passed on as it arrives. */
function downloadRoute(
  handlers: InternalHandlers,
  { operation, bodyBytesMax }: OperationLimits,
): InternalRoute {
  return {
    method: 'GET',
    path: `${INTERNAL_PREFIX}/${operation}`,
    variable: 'target',
    summary: `${operation} of a client of ours: an asset by its https URL, by way of the hub`,
    header: {
      name: 'Postern-Hub',
      description: 'Domain of the hub that fetches it; ourselves where it is absent',
    },
    bodyBytesMax,
    answer: { status: '200', body: 'octets' },
    run: ({ target, headers, bytes, context }) => {
      const hub = parseHub(headers['postern-hub'])
      return handlers.operation({ operation, target, bytes, hub }, context)
    },
  }
}

function roomRoutes(handlers: InternalHandlers): readonly InternalRoute[] {
  const shared = { path: `${INTERNAL_PREFIX}/rooms`, variable: 'room' } as const
  return [
    {
      ...shared,
      method: 'POST',
      summary: 'A client of ours created a room: verify its group and follow it',
      body: 'RoomToCreate',
      bodyBytesMax: ROOM_BYTES_MAX,
      answer: { status: '201', body: 'RoomCreated' },
      run: async ({ target, bytes, context }) => {
        const wanted = parseJson(internalSchemas.RoomToCreate, bytes)
        const room = parseMimiUri(target, 'room')
        const groupInfo = parseBase64(wanted.groupInfo)
        const ratchetTree = parseBase64(wanted.ratchetTree)
        const view = await handlers.createRoom(
          { room, suite: wanted.suite, groupInfo, ratchetTree },
          context,
        )
        return json(201, { room, epoch: Number(view.epoch), suite: view.suite })
      },
    },
    {
      ...shared,
      method: 'GET',
      summary: 'What is followed of a room: its epoch, hashes and participants',
      bodyBytesMax: 0,
      answer: { status: '200', body: 'Room' },
      run: ({ target }) => {
        const view = handlers.findRoom(parseMimiUri(target, 'room'))
        if (view === undefined) throw new GatewayError('room-unknown')
        return Promise.resolve(json(200, roomDocument(view)))
      },
    },
  ]
}

function fanoutRoute(
  handlers: InternalHandlers,
  operations: readonly OperationLimits[],
): InternalRoute {
  return {
    method: 'POST',
    path: `${INTERNAL_PREFIX}/fanout`,
    variable: 'room',
    summary: 'Hand one FanoutMessage without frank to the followers; the answer is the stamped one',
    header: {
      name: 'Postern-Destinations',
      description: 'Domains of the followers, separated by commas; empty for our own clients only',
    },
    body: 'octets',
    bodyBytesMax: Math.max(...operations.map(({ bodyBytesMax }) => bodyBytesMax)),
    answer: { status: '200', body: 'octets' },
    run: async ({ target, headers, bytes, context }) => {
      const room: MimiUri = parseMimiUri(target, 'room')
      const destinations = parseDestinations(headers['postern-destinations'])
      return { status: 200, bytes: await handlers.fanout({ room, bytes, destinations }, context) }
    },
  }
}

function hubKeysRoute(handlers: InternalHandlers): InternalRoute {
  return {
    method: 'GET',
    path: `${INTERNAL_PREFIX}/hub-keys`,
    summary: 'What clients put into the GroupContext of a room of ours',
    query: [{ name: 'ciphersuite', required: true }],
    bodyBytesMax: 0,
    answer: { status: '200', body: 'HubKeys' },
    run: ({ query }) => {
      const ciphersuite = wholeNumber(query.get('ciphersuite'), 65_535)
      const { frankingAgent, externalSender } = handlers.hubKeys(ciphersuite)
      return Promise.resolve(
        json(200, {
          frankingAgent: frankingAgent.toString('base64'),
          externalSender: externalSender.toString('base64'),
        }),
      )
    },
  }
}

function labelRoutes(handlers: InternalHandlers): readonly InternalRoute[] {
  const shared = {
    method: 'GET',
    bodyBytesMax: 0,
    answer: { status: '200', body: 'Label', page: true },
  } as const
  return [
    {
      ...shared,
      path: `${INTERNAL_PREFIX}/labels/rooms`,
      variable: 'room',
      summary: 'The metadata label of a room: who gets what, in which form, for how long and why',
      run: ({ target, headers }) =>
        Promise.resolve(labelAnswer(handlers.labelOfRoom(parseMimiUri(target, 'room')), headers)),
    },
    {
      ...shared,
      path: `${INTERNAL_PREFIX}/labels/peers`,
      variable: 'peer',
      summary: 'The metadata label of another provider: what we share with it',
      run: ({ target, headers }) =>
        Promise.resolve(labelAnswer(handlers.labelOfPeer(parseProviderDomain(target)), headers)),
    },
  ]
}

function labelAnswer(label: Label, { accept }: IncomingHttpHeaders): ListenerResponse {
  const document = json(200, label)
  const vary = 'accept'
  if (!prefersPage(accept, 'application/json'))
    return { ...document, headers: { ...document.headers, vary } }
  return {
    status: 200,
    bytes: Buffer.from(labelPage(label)),
    headers: {
      contentType: 'text/html; charset=utf-8',
      contentSecurityPolicy: pageSecurityPolicy(),
      vary,
    },
  }
}

function roomDocument(view: RoomView): object {
  const { room, suite, epoch, ciphersuite, treeHash, confirmedTranscriptHash } = view
  return {
    room,
    suite,
    epoch: Number(epoch),
    treeHash: treeHash.toString('base64'),
    confirmedTranscriptHash: confirmedTranscriptHash.toString('base64'),
    ciphersuite,
    participants: view.participants.map(({ user, roleIndex }) => ({ user, roleIndex })),
  }
}

function parseDestinations(header: string | string[] | undefined): readonly ProviderDomain[] {
  if (header === undefined || header === '') return []
  if (typeof header !== 'string') throw new GatewayError('malformed-request')
  const names = header.split(',')
  if (names.length > DESTINATIONS_MAX) throw new GatewayError('malformed-request')
  return names.map((name) => parseProviderDomain(name.trim()))
}

function parseHub(header: string | string[] | undefined): ProviderDomain | undefined {
  if (header === undefined) return undefined
  if (typeof header !== 'string') throw new GatewayError('malformed-request')
  return parseProviderDomain(header)
}

const ROOM_BYTES_MAX = 33_554_432
const DESTINATIONS_MAX = 10_000
