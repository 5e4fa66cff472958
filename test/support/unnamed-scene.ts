import { createHash } from 'node:crypto'
import { GatewayError } from '../../src/model/errors.ts'
import { parseMimiUri, parseProviderDomain } from '../../src/model/ids.ts'
import { epochStartSeconds } from '../../src/privacypass/pseudonym-epoch.ts'
import type { UnnamedAdmission, UnnamedMessage } from '../../src/senders/unnamed-senders.ts'
import type { CertifiedSender } from './certified-sender.ts'
import { testIssuerKey } from './issuer-key.ts'
import { unnamedSendersOn } from './unnamed-senders.ts'

export const hub = parseProviderDomain('a.example')
export const issuer = parseProviderDomain('b.example')
export const room = parseMimiUri('mimi://a.example/r/club', 'room')
export const noon = Date.UTC(2026, 10, 29, 12)
export const epochStart = epochStartSeconds(noon)
export const scope = { hub, room, issuer, epochStart }

/** Of the issuer, as its directory has it. */
export const key = testIssuerKey(issuer)

const takeAdmission = () => Promise.resolve()
const takeVerification = () => Promise.resolve()
const published = () => Promise.resolve([key.tokenKey])

/** A hub's side of unnamed senders, and what is said and shown to it. */
export async function open({ pseudonymsMax = 4 } = {}) {
  const time = { nowMs: noon }
  const clock = () => time.nowMs
  const keys = { live: published, renewed: published }
  const senders = (await unnamedSendersOn({ hub, keys, clock }))()
  const say = (sender: CertifiedSender, options: Partial<UnnamedMessage> = {}) => {
    const messageHash = options.messageHash ?? hashOf('hello')
    return codeOf(
      senders.prove({
        room,
        sender: sender.uri,
        provider: issuer,
        messageHash,
        proof: sender.prove(messageHash),
        once: false,
        pseudonymsMax,
        roomAuthKeys: undefined,
        takeAdmission,
        ...options,
      }),
    )
  }
  /** Shows a certificate by itself. */
  const show = (sender: CertifiedSender, options: Partial<UnnamedAdmission> = {}) =>
    senders.admit({
      room,
      provider: issuer,
      pseudonymsMax,
      admission: sender.admission,
      membership: undefined,
      roomAuthKeys: undefined,
      takeAdmission,
      takeVerification,
      ...options,
    })
  return { senders, say, show, time }
}

export const hashOf = (text: string) => createHash('sha256').update(text).digest()

/** `ok`, or the code and reason of the refusal. */
export async function codeOf(outcome: Promise<unknown>): Promise<string> {
  try {
    await outcome
    return 'ok'
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error
    const { reason } = error.facts
    return typeof reason === 'string' ? `${error.code} ${reason}` : error.code
  }
}
