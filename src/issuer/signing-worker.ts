import { randomBytes } from 'node:crypto'
import { parentPort, type MessagePort } from 'node:worker_threads'
import { amortizedBatchResponseCodec } from '../privacypass/batch-issuance.ts'
import { blindRsaKeyKind } from '../privacypass/blind-rsa/token-key.ts'
import type { CpuShare } from '../privacypass/cpu-share.ts'
import { tokenResponseBytes, type TokenRequest } from '../privacypass/issuance.ts'
import type { IssuerKey, KeyKind } from '../privacypass/token-scheme.ts'
import { cpuShareOf } from '../privacypass/token-schemes.ts'
import type { TokenType } from '../privacypass/token-type.ts'
import { voprfKeyKind } from '../privacypass/voprf/issuer-key.ts'
import { p384Group } from '../privacypass/voprf/p384.ts'
import { loadRistretto255 } from '../privacypass/voprf/ristretto255.ts'
import { encode } from '../wire/codec.ts'
import {
  messagesOf,
  type SigningJob,
  type SigningOutcome,
  type SigningReply,
} from './signing-messages.ts'

// The thread that signs: half a millisecond and more for each token, which the event loop does not wait for.

const keys = new Map<string, IssuerKey>()
let nowMs = 0
const shares = new Map<TokenType, CpuShare | undefined>()

const port = parentPort
if (port === null) throw new Error('signatures are made in a worker thread')

port.on('message', (job: SigningJob) => void answer(port, job))

async function answer(to: MessagePort, job: SigningJob): Promise<void> {
  const outcome = await attempt(job)
  const reply: SigningReply = { job: job.job, ...outcome }
  to.postMessage(reply, outcome.kind === 'signed' ? [outcome.answers.buffer] : [])
}

/** A fault is an answer as well: others wait for theirs. */
async function attempt(job: SigningJob): Promise<SigningOutcome> {
  try {
    return await signed(job)
  } catch {
    return { kind: 'failed' }
  }
}

async function signed(job: SigningJob): Promise<SigningOutcome> {
  const key = await openedKey(job)
  nowMs = job.nowMs
  const share = shareOf(job.tokenType)
  const work = (): SigningOutcome => {
    const answers = answersOf(key, job)
    return answers === undefined ? { kind: 'failed' } : { kind: 'signed', answers }
  }
  if (share === undefined) return work()
  return share.run(work) ?? { kind: 'share-used', retryAfterMs: share.waitMs() }
}

async function openedKey({ key, keyId, tokenType }: SigningJob): Promise<IssuerKey> {
  const known = keys.get(keyId)
  if (known !== undefined) return known
  const opened = (await kindOf(tokenType)).open(key, '')
  // Two of each of four lines count at a time.
  if (keys.size > KEYS_MAX) keys.clear()
  keys.set(keyId, opened)
  return opened
}

async function kindOf(tokenType: TokenType): Promise<KeyKind> {
  switch (tokenType) {
    case 'voprfP384':
      return voprfKeyKind(p384Group, randomBytes)
    case 'blindRsa2048':
      return blindRsaKeyKind
    case 'voprfRistretto255':
      return voprfKeyKind(await loadRistretto255(), randomBytes)
  }
}

function shareOf(tokenType: TokenType): CpuShare | undefined {
  if (!shares.has(tokenType))
    shares.set(tokenType, cpuShareOf(tokenType, { clock: () => nowMs, cpuMs: threadCpuMs }))
  return shares.get(tokenType)
}

function answersOf(key: IssuerKey, job: SigningJob): Uint8Array<ArrayBuffer> | undefined {
  const { tokenType, amortized } = job
  const messages = messagesOf(job)
  if (amortized) {
    if (tokenType !== 'voprfRistretto255') return undefined
    const blindedMessages = [...messages]
    const batch = key.evaluateBatch?.({ tokenType, truncatedTokenKeyId: 0, blindedMessages })
    return batch && Uint8Array.from(encode(amortizedBatchResponseCodec, batch))
  }
  const answers: Buffer[] = []
  for (const blindedMessage of messages) {
    const request: TokenRequest = { tokenType, truncatedTokenKeyId: 0, blindedMessage }
    const response = key.evaluate(request)
    if (response === undefined) return undefined
    answers.push(tokenResponseBytes(response))
  }
  return Uint8Array.from(Buffer.concat(answers))
}

function threadCpuMs(): number {
  const { user, system } = process.threadCpuUsage()
  return (user + system) / 1_000
}

const KEYS_MAX = 16
