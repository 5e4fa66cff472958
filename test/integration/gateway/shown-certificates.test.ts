import { expect, test } from 'vitest'
import { parseMimiUri, parseProviderDomain } from '../../../src/model/ids.ts'
import { writeChallengeHeader } from '../../../src/privacypass/challenge-header.ts'
import { membershipProofCodec } from '../../../src/privacypass/membership-proof.ts'
import { pseudonymChallenge } from '../../../src/privacypass/pseudonym-certificate.ts'
import { epochStartSeconds } from '../../../src/privacypass/pseudonym-epoch.ts'
import { readSenderProof } from '../../../src/privacypass/sender-proof.ts'
import { encode } from '../../../src/wire/codec.ts'
import { useClubhouse } from '../../support/clubhouse.ts'
import { unnamedAccount } from '../../support/relaying-provider.ts'
import { runCli } from '../../support/run-cli.ts'
import { TokenClient } from '../../support/token-client.ts'

let skippedMs = 0
const issuing = { tokens: true, extra: { issuer: { enabled: true } } } as const
const clubhouse = useClubhouse({
  keyPackages: { basic: 2, pseudonymous: 20 },
  providers: {
    'a.example': { ...issuing, clock: () => Date.now() + skippedMs },
    'b.example': issuing,
  },
})
const [hub, home] = [parseProviderDomain('a.example'), parseProviderDomain('b.example')]

/** Shows the hub what goes along with the account's first message, or nothing. */
async function show(room: string, account?: Awaited<ReturnType<typeof unnamedAccount>>) {
  const { urls } = clubhouse().federation.provider(hub).gateway
  const url = `${urls.tokens}/pseudonyms/${encodeURIComponent(room)}`
  if (account === undefined) {
    const publicKey = Buffer.alloc(91).toString('base64url')
    return fetch(url, { method: 'POST', body: JSON.stringify({ provider: home, publicKey }) })
  }
  const { headers } = await account.prepare('never sent')
  const { admission, membership } = readSenderProof(headers['mimi-sender-proof'])
  if (admission === undefined || membership === undefined) throw new Error('nothing to show')
  const authorization = `PrivateToken token="${admission.token.toString('base64url')}"`
  const body = JSON.stringify({
    provider: home,
    publicKey: admission.publicKey.toString('base64url'),
    membership: encode(membershipProofCodec, membership).toString('base64url'),
  })
  return fetch(url, { method: 'POST', headers: { authorization }, body })
}

test('a certificate under a key that the hub has not seen is taken when it has looked again', async () => {
  const { federation, room: open } = clubhouse()
  const room = await open()
  expect((await show(room)).status).toBe(401)
  const issuer = federation.provider(home)
  const socket = issuer.config().listeners.admin.socket
  await runCli(['keys', 'rotate', 'token-issuer', '--now', '--socket', socket])
  skippedMs = 120_000

  const account = await unnamedAccount(clubhouse(), room)
  const tokenKey = await new TokenClient(issuer.gateway.urls.tokens ?? '').key('message')
  const scope = { hub, room: parseMimiUri(room, 'room'), issuer: home }
  const challenge = pseudonymChallenge(scope, epochStartSeconds(Date.now()))
  const header = writeChallengeHeader([{ challenge, tokenKey: Buffer.from(tokenKey) }])
  await account.senders.obtain(room, header, 'epoch-pseudonym')
  const shown = await show(room, account)
  expect([shown.status, await shown.json()]).toMatchObject([201, { remaining: 1 }])
}, 60_000)
