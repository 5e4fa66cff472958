import { randomBytes } from 'node:crypto'
import { privateVerif, type Token, type TokenChallenge } from '@cloudflare/privacypass-ts'
import { vi } from 'vitest'
import { DsConnection } from '../../src/client/ds-connection.ts'
import type { Epoch } from '../../src/client/mls/epoch.ts'
import { membershipIn } from '../../src/client/tokens/membership.ts'
import { parseMimiUri, parseProviderDomain } from '../../src/model/ids.ts'
import { membershipProofCodec } from '../../src/privacypass/membership-proof.ts'
import { pseudonymIdOf, pseudonymNonce } from '../../src/privacypass/pseudonym-key.ts'
import { writeTokenHeader } from '../../src/privacypass/token-header.ts'
import { parseToken } from '../../src/privacypass/token.ts'
import { encode } from '../../src/wire/codec.ts'
import type { Provider } from './federation.ts'
import { TokenClient, type TokenAnswer } from './token-client.ts'

/** A client of the tokens listener with an account at the embedded delivery service. */
export async function accountClient(provider: Provider, name: string): Promise<TokenClient> {
  const { clients = '', tokens = '' } = provider.gateway.urls
  const [user, client] = [
    `mimi://${provider.domain}/u/${name}`,
    `mimi://${provider.domain}/d/${name}-9`,
  ]
  const { authorization } = await DsConnection.register({ url: clients, user, client })
  return new TokenClient(tokens, authorization.replace('Bearer ', ''))
}

/** Asks again with the same octets for as long as the type has used its share of the CPU. */
export async function patiently(ask: () => Promise<TokenAnswer>): Promise<TokenAnswer> {
  for (;;) {
    const answer = await ask()
    if (answer.facts['limit'] !== 'tokenCpu') return answer
    const seconds = Number(answer.headers.get('retry-after'))
    await new Promise((resolve) => setTimeout(resolve, seconds * 1_000))
  }
}

/** A request of type 0x0001 by the other implementation, unmodified but for its randomness: the nonce. */
export async function otherVoprfRequest(
  challenge: TokenChallenge,
  key: Uint8Array,
  nonce: Uint8Array = randomBytes(32),
): Promise<{ readonly body: Uint8Array; readonly finish: (answer: Buffer) => Promise<Token> }> {
  const client = new privateVerif.Client()
  const randomness = vi.spyOn(globalThis.crypto, 'getRandomValues')
  randomness.mockImplementationOnce((array) => {
    if (!(array instanceof Uint8Array) || array.length !== nonce.length) throw new Error('no nonce')
    array.set(nonce)
    return array
  })
  try {
    const request = await client.createTokenRequest(challenge, Uint8Array.from(key))
    return {
      body: request.serialize(),
      finish: (answer) => client.finalize(client.deserializeTokenResponse(Uint8Array.from(answer))),
    }
  } finally {
    randomness.mockRestore()
  }
}

export interface Admitted {
  readonly status: number
  readonly headers: Headers
  readonly body: Readonly<Record<string, unknown>>
}

export interface ShownCertificate {
  readonly token?: Buffer | string
  readonly publicKey: Buffer
  /** Whose user comes: the hub's own unless given. */
  readonly of?: string
  /** Of whose members it is. */
  readonly epoch?: Epoch
}

/** `POST /pseudonyms/{room}`; `token` as it stands in the header, or its octets. */
export async function showCertificate(
  provider: Provider,
  room: string,
  { token, publicKey, of = provider.domain, epoch }: ShownCertificate,
): Promise<Admitted> {
  const authorization =
    token === undefined || typeof token === 'string' ? token : writeTokenHeader(parseToken(token))
  const url = `${provider.gateway.urls.tokens}/pseudonyms/${encodeURIComponent(room)}`
  const answer = await fetch(url, {
    method: 'POST',
    headers: { ...(authorization !== undefined && { authorization }) },
    body: JSON.stringify({
      provider: of,
      publicKey: publicKey.toString('base64url'),
      ...(epoch && { membership: membershipText(provider, room, { publicKey, epoch }) }),
    }),
  })
  const body = (await answer.json()) as Readonly<Record<string, unknown>>
  return { status: answer.status, headers: answer.headers, body }
}

/** Shows it again for as long as the type has used its share of the CPU. */
export async function patientlyShown(show: () => Promise<Admitted>): Promise<Admitted> {
  for (;;) {
    const shown = await show()
    if (shown.status !== 429 || shown.body['code'] !== 'rate-limited') return shown
    const seconds = Number(shown.headers.get('retry-after'))
    await new Promise((resolve) => setTimeout(resolve, seconds * 1_000))
  }
}

function membershipText(
  provider: Provider,
  room: string,
  { publicKey, epoch }: { readonly publicKey: Buffer; readonly epoch: Epoch },
): string {
  const place = { hub: parseProviderDomain(provider.domain), room: parseMimiUri(room, 'room') }
  const proof = membershipIn(epoch, place, pseudonymIdOf(pseudonymNonce(publicKey)))
  return encode(membershipProofCodec, proof).toString('base64url')
}
