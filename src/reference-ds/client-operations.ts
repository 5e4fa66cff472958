import { parseMimiUri, parseProviderDomain, uriDomain } from '../model/ids.ts'
import type { Operation } from '../model/exchange.ts'
import { decode } from '../wire/codec.ts'
import { groupInfoRequestCodec } from '../wire/mimi/group-info.ts'
import { keyMaterialRequestCodec } from '../wire/mimi/key-material.ts'
import { abuseReportCodec } from '../wire/mimi/report-abuse.ts'
import { requireIdentity } from './accounts.ts'
import { submitAsClient, updateAsClient } from './client-submissions.ts'
import { consentStatements, parseConsent } from './consent.ts'
import type { Account, DsContext } from './context.ts'
import type { GatewayAnswer } from './gateway-link.ts'
import { rememberRoutes } from './key-material.ts'
import { identityOf } from './leaves.ts'
import { DsProblem } from './problems.ts'

/** A MIMI body of one of our clients. */
export interface ClientRequest {
  /** The path's target, decoded. */
  readonly target: string
  readonly bytes: Buffer
  /** `Postern-Sender-Proof`. */
  readonly senderProof?: string | undefined
}

/**
 * Takes a client's MIMI request to the gateway, after checking that the client speaks for itself: the
 * URI, pseudonym or credential in the body is its own. The gateway decides everything else.
 * Throws `not-yours`, `not-a-member`, `gateway-unreachable`, `unsupported-operation`.
 */
export async function answerClient(
  ctx: DsContext,
  account: Account,
  { operation, ...ask }: ClientRequest & { readonly operation: Operation },
): Promise<GatewayAnswer> {
  switch (operation) {
    case 'keyMaterial':
      return keyMaterial(ctx, account, ask)
    case 'update':
      return updateAsClient(ctx, account, ask)
    case 'submitMessage':
      return submitAsClient(ctx, account, ask)
    case 'groupInfo':
      return groupInfo(ctx, account, ask)
    case 'requestConsent':
    case 'updateConsent':
      return consent(ctx, account, { operation, ...ask })
    case 'identifierQuery':
      return ctx.gateway.operation(operation, parseProviderDomain(ask.target), ask.bytes)
    case 'reportAbuse':
      return reportAbuse(ctx, account, ask)
    case 'notify':
    case 'proxyDownload':
      throw new DsProblem('unsupported-operation')
  }
}

async function keyMaterial(
  ctx: DsContext,
  account: Account,
  ask: ClientRequest,
): Promise<GatewayAnswer> {
  const request = decode(keyMaterialRequestCodec, ask.bytes)
  const target = parseMimiUri(ask.target, 'user')
  const room = request.roomId === '' ? undefined : parseMimiUri(request.roomId, 'room')
  await requireIdentity(ctx, account, { uri: request.requestingUser, room })
  const answer = await ctx.gateway.operation('keyMaterial', target, ask.bytes)
  const isHub = room === undefined || uriDomain(room) === ctx.domain
  if (answer.status === 200 && isHub && uriDomain(target) !== ctx.domain)
    await rememberRoutes(ctx, answer.bytes, uriDomain(target))
  return answer
}

async function groupInfo(
  ctx: DsContext,
  account: Account,
  ask: ClientRequest,
): Promise<GatewayAnswer> {
  const room = parseMimiUri(ask.target, 'room')
  const { requestingCredential } = decode(groupInfoRequestCodec, ask.bytes)
  const uri = identityOf(requestingCredential)
  if (uri === undefined) throw new DsProblem('not-yours')
  await requireIdentity(ctx, account, { uri, room })
  return ctx.gateway.operation('groupInfo', room, ask.bytes)
}

async function consent(
  ctx: DsContext,
  account: Account,
  {
    operation,
    target,
    bytes,
  }: ClientRequest & { readonly operation: 'requestConsent' | 'updateConsent' },
): Promise<GatewayAnswer> {
  const entry = parseConsent(operation, bytes)
  const speaker = operation === 'requestConsent' ? entry.requesterUri : entry.targetUri
  await requireIdentity(ctx, account, { uri: speaker, room: undefined })
  await ctx.store.writeAll(consentStatements(ctx, account, entry))
  return ctx.gateway.operation(operation, parseProviderDomain(target), bytes)
}

async function reportAbuse(
  ctx: DsContext,
  account: Account,
  { target, bytes }: ClientRequest,
): Promise<GatewayAnswer> {
  const room = parseMimiUri(target, 'room')
  const { reportingUser } = decode(abuseReportCodec, bytes)
  if (reportingUser !== '') await requireIdentity(ctx, account, { uri: reportingUser, room })
  return ctx.gateway.operation('reportAbuse', room, bytes)
}
