import { encode } from '../wire/codec.ts'
import { clientKeyMaterialCodec } from '../wire/mimi/key-material.ts'
import { identifierRequestCodec, type IdentifierResponse } from '../wire/mimi/identifier-query.ts'
import { keyMaterialRequest } from '../client/mimi/key-material.ts'
import { requiredOf } from '../client/mimi/room-extensions.ts'
import { suite, type Cast } from './cast.ts'
import type { Pair, Renaming } from './interference.ts'
import { keyMaterialAnswer, markedClients, type MarkedClient } from './marked.ts'
import { askedPair } from './pair-kit.ts'
import { marksOf, type View } from './scenario.ts'
import { profileOf, queryAnswer } from './scenarios-contacts.ts'
import type { Place } from './steps.ts'

/** What answers about users tell of who exists, which clients there are and who they are. */
export function contactPairs(cast: Cast): readonly Pair[] {
  return [...statusPairs(cast), ...clientPairs(cast), ...queryPairs(cast)]
}

type Way = 'of ours' | 'by our hub' | 'out'

/** The same question, by one of the ways that it can take. */
function question(cast: Cast, way: Way) {
  const { names, maker } = cast
  const out = way === 'out'
  const asking = cast.actor(out ? names.self : names.peer, 'asking')
  const homes = { 'of ours': names.self, 'by our hub': names.third, out: names.peer }
  const target = `mimi://${homes[way]}/u/${maker.word('target')}`
  const room = way === 'by our hub' ? cast.open.room : undefined
  const body = keyMaterialRequest(suite, asking.identity, {
    requestingUser: asking.user,
    targetUser: target,
    room: room ?? '',
    required: requiredOf(cast.pseudonymous),
  })
  const view: View = {
    operation: 'keyMaterial',
    direction: out ? 'egress' : 'ingress',
    other: names.peer,
    room,
    reads: way === 'by our hub' ? 'hub' : 'target',
    asks: way === 'by our hub' ? 'follower' : 'hub',
  }
  return { target, view, place: { operation: 'keyMaterial', target, body } as const }
}

function statusPairs(cast: Cast): readonly Pair[] {
  const ways: readonly Way[] = ['of ours', 'by our hub', 'out']
  return ways.flatMap((way) =>
    (['userUnknown', 'userDeleted', 'noConsentForThisRoom'] as const).map((status) => {
      const { target, view, place } = question(cast, way)
      return askedPair(cast, {
        name: `keyMaterial, ${way}: ${status} or noConsent`,
        field: 'user.existence',
        part: 'response',
        view,
        left: { place, answer: () => keyMaterialAnswer(status, target) },
        right: { place, answer: () => keyMaterialAnswer('noConsent', target) },
        // The other provider has told us and our own users.
        ...(way === 'out' ? { only: ['journal'] as const } : {}),
      })
    }),
  )
}

/** How many clients there are, in which order they come, and how many have nothing to give. */
function clientPairs(cast: Cast): readonly Pair[] {
  return (['of ours', 'by our hub'] as const).flatMap((way) => {
    const { target, view, place } = question(cast, way)
    const clients = markedClients(cast, cast.names.self, {
      marks: marksOf(cast, 'response'),
      count: 5,
    })
    const exhausted = clients.map(({ clientUri }): MarkedClient => ({
      clientStatus: 'keyMaterialExhausted',
      clientUri,
    }))
    const four = clients.slice(0, 4)
    const pair = (
      name: string,
      left: readonly MarkedClient[],
      right: readonly MarkedClient[],
    ): Pair =>
      askedPair(cast, {
        name: `keyMaterial, ${way}: ${name}`,
        field: 'client.list',
        part: 'response',
        alikeUpTo: 'bucket',
        view,
        left: { place, answer: () => keyMaterialAnswer('success', target, left) },
        right: { place, answer: () => keyMaterialAnswer('success', target, right) },
        renaming: anyClients(clients),
      })
    return [
      pair('four clients or five', four, clients),
      // Here the very choice must be the same.
      { ...pair('one order or the other', clients, clients.toReversed()), renaming: [] },
      pair(
        'four clients and one or two without keys',
        [...four, ...exhausted.slice(3, 4)],
        [...four, ...exhausted.slice(2, 4)],
      ),
    ]
  })
}

/** Which clients are shown is a random choice; all of them look alike. */
function anyClients(clients: readonly MarkedClient[]): readonly Renaming[] {
  const all = clients.map((client) => encode(clientKeyMaterialCodec, client))
  return [{ left: all, right: all }]
}

function queryPairs(cast: Cast): readonly Pair[] {
  const { names } = cast
  const place = queryPlace(names.self)
  const view: View = {
    operation: 'identifierQuery',
    direction: 'ingress',
    other: names.peer,
    room: undefined,
    reads: 'target',
    asks: 'target',
  }
  const said = (response: IdentifierResponse) => ({ place, answer: () => queryAnswer(response) })
  const existence = (['ambiguous', 'forbidden'] as const).map((code) =>
    askedPair(cast, {
      name: `identifierQuery: ${code} or notFound`,
      field: 'user.existence',
      part: 'response',
      view,
      left: said(nobody(code)),
      right: said(nobody('notFound')),
    }),
  )
  const found = profileOf(cast, names.self, marksOf(cast, 'response'))
  const profiles = askedPair(cast, {
    name: 'identifierQuery: one profile or another of the same user',
    field: 'contact.profile',
    part: 'response',
    view,
    left: said(found),
    right: said(otherFields(found, profileOf(cast, names.self, marksOf(cast, 'response')))),
  })
  return [...existence, profiles]
}

function queryPlace(domain: string): Place {
  const body = encode(identifierRequestCodec, {
    queryElements: [{ searchType: 'handle', searchValue: 'somebody' }],
    idRequestExtensions: { componentData: [] },
  })
  return { operation: 'identifierQuery', target: domain, body }
}

function nobody(responseCode: IdentifierResponse['responseCode']): IdentifierResponse {
  const idResponseExtensions = { componentData: [] }
  return { responseCode, uri: [], foundProfiles: [], idResponseExtensions }
}

/** The same user with fewer and other fields. */
function otherFields(found: IdentifierResponse, other: IdentifierResponse): IdentifierResponse {
  const fields = other.foundProfiles.flatMap((profile) => profile.fields.slice(1))
  const foundProfiles = found.foundProfiles.map(({ stableUri }) => ({ stableUri, fields }))
  return { ...other, uri: found.uri, foundProfiles }
}
