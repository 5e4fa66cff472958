import { GatewayError } from '../model/errors.ts'
import { parseMimiUri, parseProviderDomain } from '../model/ids.ts'
import type { InternalHandlers } from './internal-handlers.ts'
import { INTERNAL_PREFIX, json, type InternalRoute } from './internal-route.ts'

/** For a reporter's app: among how many people the reporter hides, to be shown before consent. */
export function anonymitySetRoute(handlers: InternalHandlers): InternalRoute {
  return {
    method: 'GET',
    path: `${INTERNAL_PREFIX}/reports/anonymity-set`,
    summary:
      'How many participants of a provider are in a room of ours, to be shown before a report',
    query: [
      { name: 'room', required: true, text: true },
      { name: 'provider', required: true, text: true },
    ],
    bodyBytesMax: 0,
    answer: { status: '200', body: 'AnonymitySet' },
    run: ({ query }) => {
      const room = parseMimiUri(required(query.get('room')), 'room')
      const provider = parseProviderDomain(required(query.get('provider')))
      return Promise.resolve(json(200, handlers.anonymitySet(room, provider)))
    },
  }
}

function required(value: string | null): string {
  if (value === null) throw new GatewayError('malformed-request', { facts: { part: 'query' } })
  return value
}
