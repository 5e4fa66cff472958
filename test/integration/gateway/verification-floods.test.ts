import { hash } from 'node:crypto'
import { beforeAll, expect, test } from 'vitest'
import { parseMimiUri, parseProviderDomain } from '../../../src/model/ids.ts'
import {
  blindRsaIssuerKey,
  generateBlindRsaKey,
} from '../../../src/privacypass/blind-rsa/token-key.ts'
import { epochStartSeconds } from '../../../src/privacypass/pseudonym-epoch.ts'
import { certifiedSender } from '../../support/certified-sender.ts'
import { useClubhouse } from '../../support/clubhouse.ts'
import { callPeer, problemOf } from '../../support/gateway-calls.ts'
import type { PeerReply } from '../../support/peers-listener.ts'
import { messageBody } from '../../support/raw-requests.ts'

// The hub verifies four of a provider at once, and each message of a pseudonym of a day is one.
const open = { perSecond: 1_000, burst: 1_000 }
const clubhouse = useClubhouse({
  providers: {
    'a.example': {
      extra: { rates: { tokenVerify: { perSecond: 0.01, burst: 4 }, epochSender: open } },
    },
  },
})
let forge: (room: string) => Promise<PeerReply>

beforeAll(async () => {
  const key = blindRsaIssuerKey(await generateBlindRsaKey(), 'b.example')
  const names = { hub: parseProviderDomain('a.example'), issuer: parseProviderDomain('b.example') }
  forge = (room) => {
    const { bob, federation } = clubhouse()
    const epochStart = epochStartSeconds(Date.now())
    const forged = certifiedSender(key, { ...names, room: parseMimiUri(room), epochStart })
    return callPeer(federation.provider('a.example'), {
      as: federation.provider('b.example').identity,
      from: 'b.example',
      operation: 'submitMessage',
      target: room,
      body: messageBody(bob, room, { sendingUri: forged.uri }),
      // Of another message: it holds no water, but that takes a verification to find out.
      headers: { 'mimi-sender-proof': forged.prove(hash('sha256', 'another', 'buffer')) },
    })
  }
})

test('a flood of proofs that do not hold is answered before any of it is verified', async () => {
  const { bob, cathy, room } = clubhouse()
  const uri = await room()
  for (let sent = 0; sent < 4; sent += 1)
    expect(problemOf(await forge(uri))).toEqual({ status: 403, code: 'sender-proof-invalid' })
  for (let sent = 0; sent < 3; sent += 1) {
    const reply = await forge(uri)
    expect(problemOf(reply)).toEqual({ status: 429, code: 'rate-limited' })
    expect(JSON.parse(reply.body.toString())).toMatchObject({ facts: { limit: 'tokenVerify' } })
    expect(reply.headers['ratelimit']).toMatch(/^"tokenVerify";r=0;t=\d+$/)
  }
  // Nobody pays for it who shows no proof.
  expect((await bob.sendText(uri, 'by my pseudonym of the room')).kind).toBe('accepted')
  expect((await cathy.sendText(uri, 'of another provider')).kind).toBe('accepted')
}, 30_000)
