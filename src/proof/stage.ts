import { z } from 'zod'
import { GatewayError } from '../model/errors.ts'
import { parseMimiUri } from '../model/ids.ts'
import { encode } from '../wire/codec.ts'
import { updateRoomResponseCodec } from '../wire/mimi/update.ts'
import { senderOf } from './attest.ts'
import { canaryMaker } from './canary.ts'
import type { Scripted } from './capture-server.ts'
import { castOf, type Cast } from './cast.ts'
import { perform, type Step } from './play.ts'
import { sendInternally } from './requests.ts'
import { seededRandomness } from './seeded-randomness.ts'
import type { World } from './world.ts'

/** The people of a world, made for the keys of its hub. */
export async function castFor(world: World, seed: string): Promise<Cast> {
  const { names, parts } = world
  const known = parts.suites.suiteByName(world.suite)
  if (known === undefined) throw new GatewayError('suite-unavailable')
  return castOf({
    maker: canaryMaker(seed),
    randomness: seededRandomness(`cast ${seed}`),
    nowMs: world.now(),
    names,
    suite: known.name,
    pseudonymous: known.pseudonymousCredentials === 'required',
    hubKeys: await hubKeysOf(world),
  })
}

/**
 * Opens the rooms and lets everybody in, as their clients would. False where the policies cannot serve
 * the suite, so that there are no rooms.
 */
export async function setUp(world: World, cast: Cast): Promise<boolean> {
  const rooms = [cast.open, cast.closed].map(({ room, body }): Step => {
    return inside(`rooms/${encodeURIComponent(room)}`, body)
  })
  const arrival = {
    ...inside(`update/${encodeURIComponent(cast.open.room)}`, cast.arrival),
    headers: senderOf({}),
  }
  await perform(world, {
    steps: [...rooms, arrival],
    upstream: () => updateAccepted(cast.nowMs),
  })
  return world.parts.rooms.find(parseMimiUri(cast.open.room, 'room'))?.epoch === 1n
}

/** A step of our own delivery service. */
export function inside(path: string, body: Buffer): Step {
  return { from: 'inside', path, body }
}

/** What a delivery service says to an update that it takes. */
export function updateAccepted(acceptedMs: number, errorDescription = ''): Scripted {
  const acceptedTimestamp = BigInt(acceptedMs)
  const answer = { responseCode: 'success', errorDescription, acceptedTimestamp } as const
  return { status: 200, body: encode(updateRoomResponseCodec, answer) }
}

async function hubKeysOf({ internalSocket }: World) {
  const path = '/internal/v1/hub-keys?ciphersuite=1'
  const { body } = await sendInternally(internalSocket, { method: 'GET', path, headers: {} })
  const { frankingAgent, externalSender } = hubKeysSchema.parse(JSON.parse(body.toString()))
  return {
    frankingAgent: Buffer.from(frankingAgent, 'base64'),
    externalSender: Buffer.from(externalSender, 'base64'),
  }
}

const hubKeysSchema = z.object({ frankingAgent: z.string(), externalSender: z.string() })
