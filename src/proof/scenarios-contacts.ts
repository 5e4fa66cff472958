import { encode } from '../wire/codec.ts'
import {
  identifierRequestCodec,
  identifierResponseCodec,
  type IdentifierResponse,
} from '../wire/mimi/identifier-query.ts'
import { keyMaterialRequest } from '../client/mimi/key-material.ts'
import { requiredOf } from '../client/mimi/room-extensions.ts'
import type { Scripted } from './capture-server.ts'
import { suite, type Cast } from './cast.ts'
import { keyMaterialAnswer, markedClients, markIdentity } from './marked.ts'
import { marksOf, type Marks, type Scenario } from './scenario.ts'
import { askedScenario } from './steps.ts'

/** keyMaterial and identifierQuery, in and out. */
export function contactScenarios(cast: Cast): readonly Scenario[] {
  const credentials = cast.pseudonymous ? [true, false] : [false]
  return [
    ...credentials.flatMap((pseudonymous) =>
      ways.map((way) => keyMaterial(cast, { way, pseudonymous })),
    ),
    ...(['handle', 'email'] as const).flatMap((searchType) =>
      [true, false].map((inwards) => query(cast, { searchType, inwards })),
    ),
  ]
}

/** For whom key material is asked, and by which way. */
const ways = ['of ours', 'by our hub', 'of theirs', 'by their hub'] as const

interface KeyMaterialCase {
  readonly way: (typeof ways)[number]
  readonly pseudonymous: boolean
}

function keyMaterial(cast: Cast, { way, pseudonymous }: KeyMaterialCase): Scenario {
  const { names } = cast
  const request = marksOf(cast, 'request')
  const response = marksOf(cast, 'response')
  const inwards = way === 'of ours' || way === 'by our hub'
  const relayed = way === 'by our hub' || way === 'by their hub'
  const asking = cast.actor(inwards ? names.peer : names.self, 'asking', { pseudonymous })
  markIdentity(request, asking, 'consent.edge')
  const home = relayed ? names.third : inwards ? names.self : names.peer
  // The edge has the form of who asks: whom it is for is named in any case.
  const form = pseudonymous ? 'pseudonym-room' : 'exact'
  const target = `mimi://${home}/u/${request.word('target', 'consent.edge', form)}`
  const room = keyMaterialRoom(cast, way, request)
  const body = keyMaterialRequest(suite, asking.identity, {
    requestingUser: asking.user,
    targetUser: target,
    room: room ?? '',
    required: requiredOf(pseudonymous),
  })
  const clients = markedClients(cast, home, { marks: response })
  return askedScenario({
    name: `keyMaterial ${inwards ? 'in' : 'out'}, ${way}${pseudonymous ? '' : ', by name'}`,
    view: {
      operation: 'keyMaterial',
      direction: inwards ? 'ingress' : 'egress',
      other: names.peer,
      room,
      reads: relayed ? 'hub' : 'target',
      asks: relayed ? 'follower' : 'hub',
    },
    place: { operation: 'keyMaterial', target, body },
    answer: () => keyMaterialAnswer('success', target, clients),
    request,
    response,
  })
}

function keyMaterialRoom(
  cast: Cast,
  way: KeyMaterialCase['way'],
  marks: Marks,
): string | undefined {
  switch (way) {
    case 'by our hub':
      return cast.open.room
    case 'of ours':
    case 'by their hub':
      return `mimi://${cast.names.peer}/r/${marks.word('room', 'room.id')}`
    case 'of theirs':
      return undefined
  }
}

interface QueryCase {
  readonly searchType: 'handle' | 'email'
  readonly inwards: boolean
}

function query(cast: Cast, { searchType, inwards }: QueryCase): Scenario {
  const { names } = cast
  const request = marksOf(cast, 'request')
  const response = marksOf(cast, 'response')
  const form = searchType === 'handle' ? 'bucket' : 'exact'
  const searchValue = request.word('searched value', 'contact.query', form)
  const extension = { componentId: UNKNOWN_COMPONENT, data: request.unknown('extension') }
  const body = encode(identifierRequestCodec, {
    queryElements: [{ searchType, searchValue }],
    idRequestExtensions: { componentData: [extension] },
  })
  const target = inwards ? names.self : names.peer
  const found = profileOf(cast, target, response)
  return askedScenario({
    name: `identifierQuery ${inwards ? 'in' : 'out'}, by ${searchType}`,
    view: {
      operation: 'identifierQuery',
      direction: inwards ? 'ingress' : 'egress',
      other: names.peer,
      room: undefined,
      reads: 'target',
      asks: 'target',
    },
    place: { operation: 'identifierQuery', target, body },
    answer: () => queryAnswer(found),
    request,
    response,
  })
}

/** A found profile with a mark in each of its fields, and one where no field stands. */
export function profileOf({ maker }: Cast, provider: string, marks: Marks): IdentifierResponse {
  const stableUri = `mimi://${provider}/u/${maker.word('found')}`
  const values = ['name', 'picture', 'phone'].map((fieldName) => ({
    fieldSource: 'oidcStdClaim' as const,
    fieldName,
    fieldValue: Buffer.from(marks.word(`profile ${fieldName}`, 'contact.profile')),
  }))
  const extension = { componentId: UNKNOWN_COMPONENT, data: marks.unknown('extension') }
  return {
    responseCode: 'success',
    uri: [stableUri],
    foundProfiles: [{ stableUri, fields: values }],
    idResponseExtensions: { componentData: [extension] },
  }
}

export function queryAnswer(response: IdentifierResponse): Scripted {
  return { status: 200, body: encode(identifierResponseCodec, response) }
}

/** Of the private range, and of no use here. */
export const UNKNOWN_COMPONENT = 0xf0ff
