import { parseMimiUri, uriDomain, type MimiUri } from '../model/ids.ts'
import { decode, encode } from '../wire/codec.ts'
import {
  keyMaterialRequestCodec,
  keyMaterialResponseCodec,
  type KeyMaterialRequest,
  type KeyMaterialResponse,
} from '../wire/mimi/key-material.ts'
import { claimKeyPackages, wantsPseudonyms, type Claimed } from './claim-key-packages.ts'
import { clientsOf } from './accounts.ts'
import { checkConsent } from './consent.ts'
import type { DsContext } from './context.ts'
import { decodeAnswer } from './gateway-link.ts'
import { DsProblem } from './problems.ts'
import { keyPackagesOf, routeStatements } from './welcome-routes.ts'

export interface UpstreamRequest {
  /** The path's target, decoded. */
  readonly target: string
  /** The provider that asks; undefined for our own clients. */
  readonly peer: string | undefined
  readonly suite: string | undefined
  /** How the gateway says that the sender of a message shows itself. */
  readonly tier?: string | undefined
  readonly bytes: Buffer
}

/** An answer on the way back to the gateway. */
export interface UpstreamAnswer {
  readonly status: number
  readonly bytes: Buffer
  readonly headers?: Readonly<Record<string, string>>
}

/**
 * keyMaterial: of our own users from the store, of others, for a room of ours, from their provider
 * through the gateway. Throws `path-body-mismatch`, `room-unknown`, `gateway-unreachable`, `gateway-invalid`.
 */
export async function keyMaterial(ctx: DsContext, ask: UpstreamRequest): Promise<UpstreamAnswer> {
  const request = decode(keyMaterialRequestCodec, ask.bytes)
  if (request.targetUser !== ask.target) throw new DsProblem('path-body-mismatch')
  const target = parseMimiUri(request.targetUser, 'user')
  if (uriDomain(target) !== ctx.domain) return relay(ctx, { request, target, bytes: ask.bytes })
  const answer = await ownKeyMaterial(ctx, request, ask.suite)
  return { status: 200, bytes: encode(keyMaterialResponseCodec, answer) }
}

/** Remembers the provider of each KeyPackage in an answer that passes through a hub. */
export async function rememberRoutes(
  ctx: DsContext,
  answer: Buffer,
  provider: string,
): Promise<void> {
  const material = decodeAnswer(keyMaterialResponseCodec, answer)
  await ctx.store.writeAll(routeStatements(keyPackagesOf(material), provider))
}

async function relay(
  ctx: DsContext,
  {
    request,
    target,
    bytes,
  }: {
    readonly request: KeyMaterialRequest
    readonly target: MimiUri
    readonly bytes: Buffer
  },
): Promise<UpstreamAnswer> {
  if (request.roomId === '' || ctx.rooms.get(request.roomId) === undefined)
    throw new DsProblem('room-unknown')
  const answer = await ctx.gateway.operation('keyMaterial', target, bytes)
  if (answer.status === 200) await rememberRoutes(ctx, answer.bytes, uriDomain(target))
  return {
    status: answer.status,
    bytes: answer.bytes,
    headers: {
      ...(answer.contentType === undefined ? {} : { 'content-type': answer.contentType }),
      ...(answer.retryAfter === undefined ? {} : { 'retry-after': answer.retryAfter }),
    },
  }
}

async function ownKeyMaterial(
  ctx: DsContext,
  request: KeyMaterialRequest,
  suite: string | undefined,
): Promise<KeyMaterialResponse> {
  const { targetUser: user, requestingUser: requester, roomId: room } = request
  const refusal = (userStatus: KeyMaterialResponse['userStatus']): KeyMaterialResponse => ({
    protocol: 'mls10',
    userStatus,
    userUri: user,
    clients: [],
  })
  if (clientsOf(ctx, user).length === 0) return refusal('userUnknown')
  const consent = checkConsent(ctx, { requester, target: user, room })
  if (consent === 'no-consent') return refusal('noConsent')
  if (consent === 'no-consent-for-this-room') return refusal('noConsentForThisRoom')
  const pseudonymous = wantsPseudonyms(request, suite)
  const claimed = await claimKeyPackages(ctx, { user, room, pseudonymous, request })
  return { ...refusal(statusOf(claimed)), clients: claimed.clients }
}

function statusOf({ clientCount, foundCount }: Claimed): KeyMaterialResponse['userStatus'] {
  if (foundCount === 0) return 'noCompatibleMaterial'
  return foundCount === clientCount ? 'success' : 'partialSuccess'
}
