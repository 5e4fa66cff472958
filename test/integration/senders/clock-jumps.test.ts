import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import { GatewayError } from '../../../src/model/errors.ts'
import { parseMimiUri, parseProviderDomain } from '../../../src/model/ids.ts'
import { epochSeconds, epochStartSeconds } from '../../../src/privacypass/pseudonym-epoch.ts'
import { certifiedSender } from '../../support/certified-sender.ts'
import { testIssuerKey } from '../../support/issuer-key.ts'
import { unnamedSendersOn } from '../../support/unnamed-senders.ts'

const hub = parseProviderDomain('a.example')
const issuer = parseProviderDomain('b.example')
const room = parseMimiUri('mimi://a.example/r/club', 'room')
const noon = Date.UTC(2026, 10, 29, 12)

test('a clock that jumps ahead and back lets no denied pseudonym speak, with its certificate or without', async () => {
  const time = { nowMs: noon }
  const key = testIssuerKey(issuer)
  const published = () => Promise.resolve([key.tokenKey])
  const keys = { live: published, renewed: published }
  const senders = (await unnamedSendersOn({ hub, keys, clock: () => time.nowMs }))()
  const epochStart = epochStartSeconds(noon)
  const bob = certifiedSender(key, { hub, room, issuer, epochStart })
  const messageHash = createHash('sha256').update('hello').digest()
  const say = async (bare: boolean) => {
    try {
      await senders.prove({
        room,
        sender: bob.uri,
        provider: issuer,
        messageHash,
        proof: bob.prove(messageHash, { bare }),
        once: false,
        pseudonymsMax: 4,
        roomAuthKeys: undefined,
        takeAdmission: () => Promise.resolve(),
      })
      return 'ok'
    } catch (error) {
      return error instanceof GatewayError ? error.code : error
    }
  }
  expect([await say(false), await say(true)]).toEqual(['ok', 'ok'])
  await senders.deny({ room, epochStart, pseudonym: bob.pseudonymId })
  expect(await say(true)).toBe('pseudonym-denied')
  time.nowMs += 2 * epochSeconds * 1_000
  await senders.dropEpochs()
  time.nowMs = noon
  expect([await say(false), await say(true)]).toEqual(['epoch-closed', 'sender-token-required'])
})
