import { randomBytes } from 'node:crypto'
import { DsConnection } from '../../src/client/ds-connection.ts'
import type { Epoch } from '../../src/client/mls/epoch.ts'
import type { MlsGroup } from '../../src/client/mls/mls-group.ts'
import { EpochSenders } from '../../src/client/tokens/epoch-senders.ts'
import { IssuerConnection } from '../../src/client/tokens/issuer-connection.ts'
import { parseProviderDomain } from '../../src/model/ids.ts'
import { decode } from '../../src/wire/codec.ts'
import {
  submitMessageRequestCodec,
  submitMessageResponseCodec,
} from '../../src/wire/mimi/submit-message.ts'
import type { Provider } from './federation.ts'
import { callPeer, problemOf } from './gateway-calls.ts'
import { messageBodyOf } from './raw-requests.ts'

/** What somebody writes with: the group that the message is of, and the epoch that proves membership. */
export interface Smuggled {
  readonly room: string
  readonly group: MlsGroup
  readonly epoch: Epoch
}

/**
 * A provider that relays whatever an account of its own hands in, member or not, under a pseudonym that
 * its issuer has certified. Resolves to the hub's code.
 */
export function hostileProvider(provider: Provider, hub: Provider) {
  return {
    smuggle: async (name: string, { room, group, epoch }: Smuggled): Promise<string> => {
      const senders = await certified(provider, name)
      senders.use(room)
      for (;;) {
        const sender = await senders.senderFor(room)
        if (sender === undefined) throw new Error('no pseudonym')
        const body = messageBodyOf(group, sender.uri, { room, sendingUri: sender.uri })
        const { appMessage } = decode(submitMessageRequestCodec, body)
        const reply = await callPeer(hub, {
          as: provider.identity,
          from: provider.domain,
          operation: 'submitMessage',
          target: room,
          body,
          headers: { 'mimi-sender-proof': sender.prove(appMessage.bytes, epoch) },
        })
        if (reply.status === 200) return decode(submitMessageResponseCodec, reply.body).statusCode
        const challenge = reply.headers['www-authenticate']
        if (reply.status !== 401 || challenge === undefined) return problemOf(reply).code
        await senders.obtain(room, challenge, 'epoch-pseudonym')
      }
    },
  }
}

/** An account of the provider with its pseudonyms, which the provider's own issuer certifies. */
async function certified(provider: Provider, name: string): Promise<EpochSenders> {
  const { domain, gateway } = provider
  const device = randomBytes(4).toString('hex')
  const { authorization } = await DsConnection.register({
    url: gateway.urls.clients ?? '',
    user: `mimi://${domain}/u/${name}`,
    client: `mimi://${domain}/d/${name}-${device}`,
  })
  const url = gateway.urls.tokens ?? ''
  return new EpochSenders({
    home: parseProviderDomain(domain),
    issuer: new IssuerConnection({ url, issuer: domain, authorization }),
    pinned: () => undefined,
    isMember: () => true,
    clock: () => Date.now(),
    randomness: (length) => randomBytes(length),
  })
}
