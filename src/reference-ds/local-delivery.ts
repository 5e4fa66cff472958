import type { FanoutMessage } from '../wire/mimi/fanout.ts'
import { blobColumn, textColumn } from '../sqlite/row.ts'
import type { Statement } from '../sqlite/store.ts'
import { isRetracted } from './sanctioned.ts'
import type { DsContext } from './context.ts'
import type { LeafChanges } from './leaves.ts'
import { joinStatement, leaveStatement, localMembers, type Member } from './members.ts'
import { messageDigest } from './submissions.ts'

/** One FanoutMessage with its exact bytes, and, where we are the hub, what its commit did to the tree. */
export interface DeliveredItem {
  readonly item: FanoutMessage
  readonly bytes: Buffer
  readonly changes?: LeafChanges
}

/** Writes to be made in one unit, and whom to wake after it. */
export interface Delivery {
  readonly statements: readonly Statement[]
  readonly clients: ReadonlySet<string>
}

/**
 * Puts fanned-out messages of one room, in their order, into the queues of our clients: a Welcome goes
 * to the owners of its KeyPackages and makes them members, everything else to all members but the one
 * that submitted it. A client that a commit takes out still gets that commit, and nothing after it.
 */
export function deliverLocally(
  ctx: Pick<DsContext, 'store' | 'queues'>,
  room: string,
  items: readonly DeliveredItem[],
): Delivery {
  const members = new Map(localMembers(ctx, room).map((member) => [member.client, member]))
  const statements: Statement[] = []
  const clients = new Set<string>()
  for (const delivered of items) {
    const joined = newMembers(ctx, delivered.item)
    const isWelcome = delivered.item.kind === 'welcome'
    const isHidden = isRetracted(ctx, room, delivered.item)
    const all = isWelcome ? joined.map(({ client }) => client) : [...members.keys()]
    const recipients = isHidden ? [] : all
    const digest = isWelcome ? null : messageDigest(delivered.item.message.bytes)
    const event = { kind: 'fanout', room, change: '', body: delivered.bytes } as const
    statements.push(
      ...ctx.queues.append(event, recipients, digest),
      ...joinStatements(room, members, joined),
      ...changeStatements(room, members, delivered.changes),
    )
    for (const client of recipients) clients.add(client)
  }
  return { statements, clients }
}

function newMembers(
  ctx: Pick<DsContext, 'store' | 'queues'>,
  { kind, message }: FanoutMessage,
): readonly Member[] {
  if (kind !== 'welcome' || message.header.kind !== 'welcome') return []
  return message.header.keyPackageRefs.flatMap((ref): Member[] => {
    const row = ctx.store.get(
      'SELECT client, signature_key FROM ds_key_packages WHERE ref = ? AND claimed = 1',
      [ref],
    )
    if (row === undefined) return []
    return [{ client: textColumn(row, 'client'), signatureKey: blobColumn(row, 'signature_key') }]
  })
}

function joinStatements(
  room: string,
  members: Map<string, Member>,
  joined: readonly Member[],
): Statement[] {
  for (const member of joined) members.set(member.client, member)
  return joined.map((member) => joinStatement(room, member))
}

function changeStatements(
  room: string,
  members: Map<string, Member>,
  changes: LeafChanges | undefined,
): Statement[] {
  if (changes === undefined) return []
  const left = new Set(changes.left)
  const rotated = new Map(changes.rotated)
  return [...members.values()].flatMap((member): Statement[] => {
    const key = member.signatureKey.toString('base64')
    if (left.has(key)) {
      members.delete(member.client)
      return [leaveStatement(room, member.client)]
    }
    const successor = rotated.get(key)
    if (successor === undefined) return []
    const next = { client: member.client, signatureKey: Buffer.from(successor, 'base64') }
    members.set(member.client, next)
    return [joinStatement(room, next)]
  })
}
