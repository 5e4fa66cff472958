import { Agent } from 'node:https'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import type { MimiClient } from '../../src/client/mimi-client.ts'
import { startFederation, type Provider } from './federation.ts'
import { callPeer } from './gateway-calls.ts'
import { messageBody } from './raw-requests.ts'

/** What a peer and the process noticed of reloads. */
export interface ReloadsUnderLoad {
  readonly accepted: number
  /** Requests with any other answer, or none. */
  readonly failed: number
  /** How many policies each reload put in force, by the log of the gateway. */
  readonly policies: readonly number[]
  /** The longest stall of the event loop during each reload; clients and delivery services share it. */
  readonly stallsMs: readonly number[]
}

/**
 * Puts other policies in force in a real gateway, again and again, while a peer sends it messages as
 * fast as they are answered. Each set differs from the one before.
 */
export async function reloadUnderLoad(
  directory: string,
  { policies, reloads }: { readonly policies: number; readonly reloads: number },
): Promise<ReloadsUnderLoad> {
  await using federation = await startFederation(directory, [
    { domain: 'a.example', extra: { rates: { peer: OPEN, peerRoom: OPEN, roomSender: OPEN } } },
    { domain: 'b.example' },
  ])
  const hub = federation.provider('a.example')
  const peer = federation.provider('b.example')
  const [alice, bob] = [await hub.client('alice'), await peer.client('bob')]
  await openRoom(alice, bob)
  const load = startLoad(hub, peer, bob)
  // Whatever is done for the first time is done before.
  await hub.gateway.reload(hub.config({ policies: await policySet(hub, { policies, number: 0 }) }))
  const stallsMs: number[] = []
  for (let number = 1; number <= reloads; number += 1) {
    const config = hub.config({ policies: await policySet(hub, { policies, number }) })
    const delay = monitorEventLoopDelay({ resolution: 1 })
    delay.enable()
    await hub.gateway.reload(config)
    delay.disable()
    stallsMs.push(delay.max / 1e6)
  }
  return { ...(await load.stop()), policies: policiesLoaded(hub), stallsMs }
}

function policiesLoaded(hub: Provider): readonly number[] {
  const lines = hub.log().split('\n')
  return lines
    .filter((line) => line.includes('policies.changed'))
    .map((line) => JSON.parse(line).policies)
}

async function openRoom(alice: MimiClient, bob: MimiClient): Promise<void> {
  for (const client of [alice, bob]) await client.publishKeyPackages({ pseudonymous: 4 })
  alice.connect(bob.connectionCard())
  bob.connect(alice.connectionCard())
  await alice.createRoom({ room: ROOM, name: 'Clubhouse', suite: 'moderated-pseudonyms' })
  const added = await alice.addUser(ROOM, bob.user)
  if (added.kind !== 'accepted') throw new Error(`addUser: ${added.kind}`)
  for (let attempt = 0; attempt < 20 && !bob.rooms.includes(ROOM); attempt += 1)
    await bob.receive({ waitMs: 500 })
}

/** Keep-alive connections, each with one request at a time. */
function startLoad(hub: Provider, peer: Provider, sender: MimiClient) {
  const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS })
  const template = messageBody(sender, ROOM)
  // Inside the ciphertext, which ends before the name of the sender: every number is another message.
  const variableAt = template.lastIndexOf(sender.participant(ROOM)) - FROM_END
  const stopping = new AbortController()
  let [next, accepted, failed] = [0, 0, 0]
  const send = async (): Promise<boolean> => {
    const body = Buffer.from(template)
    body.writeUInt32BE((next += 1), variableAt)
    const call = { as: peer.identity, from: peer.domain, target: ROOM, body, agent }
    const answer = await callPeer(hub, { operation: 'submitMessage', ...call })
    return answer.status === 200 && answer.body[1] === ACCEPTED
  }
  const lane = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      if (await send().catch(() => false)) accepted += 1
      else failed += 1
    }
  }
  const lanes = Promise.all(Array.from({ length: CONNECTIONS }, lane))
  return {
    stop: async () => {
      stopping.abort()
      await lanes
      agent.destroy()
      return { accepted, failed }
    },
  }
}

/** A profile, and one permit or forbid for each of many peers. */
async function policySet(
  hub: Provider,
  { policies, number }: { readonly policies: number; readonly number: number },
): Promise<string> {
  const profile = await readFile('policies/profiles/consumer/policies.cedar', 'utf8')
  const own = policies - (profile.match(/^@id/gm)?.length ?? 0)
  const more = Array.from({ length: own }, (_, index) => {
    const effect = index % 2 === 0 ? 'permit' : 'forbid'
    return `@id("peer-${number}-${index}") @reason("A contract.")
${effect} (principal == Peer::"p${index}.example", action in Action::"any:exact", resource)
when { principal.verified };`
  })
  const directory = join(hub.directory, `policies-${number}`)
  await mkdir(directory)
  await writeFile(join(directory, 'policies.cedar'), [profile, ...more, ''].join('\n'))
  return directory
}

const ROOM = 'mimi://a.example/r/reloads'
const CONNECTIONS = 4
const OPEN = { perSecond: 1e6, burst: 1e6 }
const FROM_END = 64
/** SubmitMessageResponse: the protocol, then the status code. */
const ACCEPTED = 0
