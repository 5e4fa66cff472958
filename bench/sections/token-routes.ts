import { constants, randomBytes, sign, type KeyObject } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { blindRsaIssuerKey, pssSaltBytes } from '../../src/privacypass/blind-rsa/token-key.ts'
import { challengeDigest } from '../../src/privacypass/token-challenge.ts'
import { writeTokenHeader } from '../../src/privacypass/token-header.ts'
import { BATCH_MAX } from '../../src/privacypass/spent-tokens.ts'
import { tokenInputBytes, type TokenInput } from '../../src/privacypass/token.ts'
import { Load } from '../load.ts'
import { startProcess, type Child } from '../processes.ts'
import { NODE_FLAGS } from '../rows.ts'
import { programPath } from '../stage.ts'
import type { TokenRoutesData, TokenRoutesState } from '../targets/token-routes.ts'

/** CPU of the server per request, in µs, one value per round; the same index is the same round. */
export interface MeasuredRoutes {
  readonly plain: readonly number[]
  readonly redeem: readonly number[]
}

/** Posts 600 octets to a plain route of Fastify and to one that redeems a token of type 0x0002. */
export async function measureRoutes(
  privateKey: KeyObject,
  { challenge, epochStart }: { readonly challenge: Buffer; readonly epochStart: number },
): Promise<MeasuredRoutes> {
  const { tokenKey } = blindRsaIssuerKey(privateKey, 'b.example')
  const digest = challengeDigest(challenge)
  const data: TokenRoutesData = {
    tokenKey: tokenKey.publicKey.toString('base64url'),
    challengeDigest: digest.toString('base64url'),
    epochStart,
    directory: mkdtempSync(join(tmpdir(), 'postern-bench-tokens-')),
  }
  await using stack = new AsyncDisposableStack()
  stack.defer(() => rmSync(data.directory, { recursive: true, force: true }))
  const child = stack.use(
    startProcess({
      command: process.execPath,
      args: [...NODE_FLAGS, programPath('targets/token-routes.ts'), JSON.stringify(data)],
      pinned: true,
      channel: true,
    }),
  )
  const { port } = await nextState(child)
  const common = { port, tls: undefined, connections: CONNECTIONS, status: 201 }
  const plainRequest = requestTo('/plain', [])
  using plain = await Load.open({ ...common, requests: () => () => plainRequest })
  const input = { challengeDigest: digest, tokenKeyId: tokenKey.keyId }
  const tokens = redemptions(privateKey, { tokenType: 'blindRsa2048', ...input })
  using redeem = await Load.open({ ...common, requests: () => () => tokens.pop() ?? plainRequest })
  const measured = { plain: [] as number[], redeem: [] as number[] }
  for (let round = 0; round < WARM_UP + ROUNDS; round += 1) {
    const costs = [
      await costOf(child, plain, PLAIN_REQUESTS),
      await costOf(child, redeem, REDEMPTIONS),
    ] as const
    if (round < WARM_UP) continue
    measured.plain.push(costs[0])
    measured.redeem.push(costs[1])
  }
  const { spent } = await stateOf(child)
  if (spent !== TOKENS) throw new Error('not every token was redeemed once')
  return measured
}

async function costOf(child: Child, load: Load, requests: number): Promise<number> {
  const before = await stateOf(child)
  await load.sendAll(requests)
  const after = await stateOf(child)
  return (after.cpuMicros - before.cpuMicros) / requests
}

function stateOf(child: Child): Promise<TokenRoutesState> {
  const state = nextState(child)
  child.process.send('state')
  return state
}

async function nextState({ process: child }: Child): Promise<TokenRoutesState> {
  const [state] = await once(child, 'message')
  return state as TokenRoutesState
}

/** Requests with a token each, which are signed at once: a token does not show how it was issued. */
function redemptions(privateKey: KeyObject, bound: Omit<TokenInput, 'nonce'>): Buffer[] {
  const key = {
    key: privateKey,
    padding: constants.RSA_PKCS1_PSS_PADDING,
    saltLength: pssSaltBytes,
  }
  return Array.from({ length: TOKENS }, () => {
    const input = { ...bound, nonce: randomBytes(32) }
    const authenticator = sign('sha384', tokenInputBytes(input), key)
    const header = writeTokenHeader({ ...input, tokenType: 'blindRsa2048', authenticator })
    return requestTo('/redeem', [`Authorization: ${header}`])
  })
}

function requestTo(path: string, more: readonly string[]): Buffer {
  const head = [
    `POST ${path} HTTP/1.1`,
    'Host: 127.0.0.1',
    'Content-Type: application/octet-stream',
    `Content-Length: ${BODY.length}`,
    ...more,
    '',
    '',
  ]
  return Buffer.concat([Buffer.from(head.join('\r\n')), BODY])
}

const BODY = randomBytes(600)
/** Twice what the store commits at once: while one group is written, another one comes together. */
const CONNECTIONS = 2 * BATCH_MAX
const ROUNDS = 10
const WARM_UP = 6
const PLAIN_REQUESTS = 4_000
const REDEMPTIONS = 1_500
const TOKENS = (WARM_UP + ROUNDS) * REDEMPTIONS
