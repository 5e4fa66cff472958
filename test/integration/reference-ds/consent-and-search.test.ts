import { expect, test } from 'vitest'
import { decode, encode } from '../../../src/wire/codec.ts'
import { consentEntryCodec } from '../../../src/wire/mimi/consent.ts'
import {
  identifierRequestCodec,
  identifierResponseCodec,
  type QueryElement,
} from '../../../src/wire/mimi/identifier-query.ts'
import { DsClient } from '../../support/ds-client.ts'
import { dsNetwork } from '../../support/ds-network.ts'
import { alice, bob } from '../../support/ds-room.ts'

const scope = { requester: alice, target: bob }

test('a consent request reaches all clients of its target, the grant all clients of the requester', async () => {
  const network = await dsNetwork('a.example', 'b.example')
  const a1 = await new DsClient(network, alice, 'mimi://a.example/d/a1').register()
  const b1 = await new DsClient(network, bob, 'mimi://b.example/d/b1').register()
  const b2 = await new DsClient(network, bob, 'mimi://b.example/d/b2').register()

  expect((await a1.consent('request', scope)).status).toBe(201)
  for (const client of [b1, b2]) {
    const [event] = await client.eventually(1)
    expect(event).toMatchObject({ kind: 'consent', change: 'request' })
    expect(decode(consentEntryCodec, event?.body ?? Buffer.alloc(0))).toMatchObject({
      requesterUri: alice,
      targetUri: bob,
    })
  }
  expect((await b1.consent('grant', scope)).status).toBe(201)
  expect((await b1.consent('revoke', scope)).status).toBe(201)
  expect((await a1.eventually(2)).map(({ change }) => change)).toEqual(['grant', 'revoke'])
  expect((await a1.consent('cancel', scope)).status).toBe(201)
  expect((await b1.eventually(2)).map(({ change }) => change)).toEqual(['request', 'cancel'])
})

test('consent for a user who is not known is answered 404', async () => {
  const network = await dsNetwork('a.example', 'b.example')
  const a1 = await new DsClient(network, alice, 'mimi://a.example/d/a1').register()
  expect((await a1.consent('request', scope)).status).toBe(404)
})

test('nobody asks for, or grants, consent in the name of another user', async () => {
  const network = await dsNetwork('a.example', 'b.example')
  const eve = await new DsClient(
    network,
    'mimi://a.example/u/eve',
    'mimi://a.example/d/e',
  ).register()
  await new DsClient(network, alice, 'mimi://a.example/d/a1').register()
  expect((await eve.consent('request', scope)).status).toBe(403)
  expect((await eve.consent('grant', { requester: bob, target: alice })).status).toBe(403)
})

test('a consent operation at the wrong endpoint is malformed', async () => {
  const network = await dsNetwork('b.example')
  const entry = encode(consentEntryCodec, {
    consentOperation: 'revoke',
    requesterUri: alice,
    targetUri: bob,
    roomId: undefined,
    consentExtensions: { componentData: [] },
  })
  const path = { operation: 'requestConsent', target: 'b.example', peer: 'a.example' }
  expect((await network.upstream('b.example', path, entry)).status).toBe(400)
})

test('a search finds users by exact fields only, all of which must match', async () => {
  const network = await dsNetwork('a.example', 'b.example')
  const a1 = await new DsClient(network, alice, 'mimi://a.example/d/a1').register()
  const profile = { handle: 'im:bob@b.example', email: 'bob@b.example' }
  await new DsClient(network, bob, 'mimi://b.example/d/b1').register({ profile })
  const namesake = { handle: 'im:bobby@b.example', email: 'bob@b.example' }
  const bobby = new DsClient(network, 'mimi://b.example/u/bobby', 'mimi://b.example/d/b2')
  await bobby.register({ profile: namesake })
  const search = async (...queryElements: QueryElement[]) => {
    const body = encode(identifierRequestCodec, {
      queryElements,
      idRequestExtensions: { componentData: [] },
    })
    const answer = await a1.operation('identifierQuery', 'b.example', body)
    return decode(identifierResponseCodec, answer.bytes)
  }

  const handle = { searchType: 'handle', searchValue: 'im:bob@b.example' } as const
  const email = { searchType: 'email', searchValue: 'bob@b.example' } as const
  expect(await search(handle)).toMatchObject({
    responseCode: 'success',
    uri: [bob],
    foundProfiles: [
      {
        stableUri: bob,
        fields: [{ fieldName: 'preferred_username', fieldSource: 'oidcStdClaim' }],
      },
    ],
  })
  expect((await search(email)).uri).toHaveLength(2)
  expect((await search(email, handle)).uri).toEqual([bob])
  const part = { searchType: 'handle', searchValue: 'im:bob' } as const
  expect(await search(part)).toMatchObject({ responseCode: 'notFound', uri: [], foundProfiles: [] })
  const name = { searchType: 'partialName', searchValue: 'bo' } as const
  expect(await search(handle, name)).toMatchObject({ responseCode: 'unsupportedField', uri: [] })
  expect(await search()).toMatchObject({ responseCode: 'unsupportedField' })
})
