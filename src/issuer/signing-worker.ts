import { parentPort } from 'node:worker_threads'
import { blindRsaIssuerKey } from '../privacypass/blind-rsa/token-key.ts'
import type { IssuerKey } from '../privacypass/token-scheme.ts'
import { messageBytes, type SigningJob, type SigningReply } from './signing-messages.ts'

// The thread that signs: half a millisecond for each token, which the event loop does not wait for.

const keys = new Map<string, IssuerKey>()

const port = parentPort
if (port === null) throw new Error('signatures are made in a worker thread')

port.on('message', ({ job, key, keyId, messages }: SigningJob) => {
  const signatures = attempt({ key, keyId, messages })
  const reply: SigningReply = { job, signatures }
  port.postMessage(reply, signatures === undefined ? [] : [signatures.buffer])
})

/** A fault is an answer as well: others wait for theirs. */
function attempt({
  key,
  keyId,
  messages,
}: Omit<SigningJob, 'job'>): Uint8Array<ArrayBuffer> | undefined {
  try {
    // Two of each of two classes count at a time.
    if (keys.size > KEYS_MAX) keys.clear()
    const issuerKey = keys.get(keyId) ?? blindRsaIssuerKey(key, '')
    keys.set(keyId, issuerKey)
    return signaturesOf(issuerKey, messages)
  } catch {
    return undefined
  }
}

function signaturesOf(
  { evaluate }: IssuerKey,
  messages: Uint8Array,
): Uint8Array<ArrayBuffer> | undefined {
  const signatures = new Uint8Array(messages.length)
  for (let at = 0; at < messages.length; at += messageBytes) {
    const blindedMessage = Buffer.from(messages.subarray(at, at + messageBytes))
    const response = evaluate({ tokenType: 'blindRsa2048', truncatedTokenKeyId: 0, blindedMessage })
    if (response?.tokenType !== 'blindRsa2048') return undefined
    signatures.set(response.blindSignature, at)
  }
  return signatures
}

const KEYS_MAX = 16
