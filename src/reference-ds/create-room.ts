import { z } from 'zod'
import { parseMimiUri, uriDomain } from '../model/ids.ts'
import { WireError } from '../wire/errors.ts'
import { decode } from '../wire/codec.ts'
import { groupInfoCodec } from '../wire/mls/group-info.ts'
import { blobColumn, textColumn } from '../sqlite/row.ts'
import { requireIdentity } from './accounts.ts'
import type { Account, DsContext } from './context.ts'
import type { GatewayAnswer } from './gateway-link.ts'
import { holdsParticipantsOnly } from './judge-commit.ts'
import { readLeaves, treeContent, type Leaf } from './leaves.ts'
import { joinStatement } from './members.ts'
import { DsProblem } from './problems.ts'
import { isActive, readGroup } from './rooms.ts'

const base64 = z.base64()
const roomSchema = z.strictObject({
  suite: z.string().min(1).max(64).optional(),
  groupInfo: base64,
  ratchetTree: base64,
})

interface NewRoom {
  readonly room: string
  /** Empty where the group pins one. */
  readonly suite: string
  readonly groupInfo: Buffer
  /** Without its length prefix. */
  readonly ratchetTree: Buffer
  readonly creator: Leaf
}

/**
 * Creates a room of which we are the hub. It exists here only once the gateway has registered it; its
 * answer is handed on as it is. While that answer is unknown (the gateway cannot be reached, a crash)
 * the same request can be repeated. Throws `invalid-group-info`, `room-exists`, `not-yours`.
 */
export function createRoom(
  ctx: DsContext,
  account: Account,
  { target, bytes }: { readonly target: string; readonly bytes: Buffer },
): Promise<GatewayAnswer> {
  return ctx.mutex.run(`room:${target}`, async () => {
    const document = parseDocument(bytes)
    const room = parseRoom(ctx, target, document)
    await requireIdentity(ctx, account, { uri: room.creator.identity ?? '', room: room.room })
    const isRepeat = await keepAsCreating(ctx, room)
    const answer = await ctx.gateway.createRoom(room.room, document)
    if (answer.status === 201 || (answer.status === 409 && isRepeat)) {
      await activate(ctx, account, room)
      return { ...answer, status: 201 }
    }
    if (answer.status >= 400 && answer.status < 500)
      await ctx.store.write("DELETE FROM ds_rooms WHERE room = ? AND state = 'creating'", [
        room.room,
      ])
    return answer
  })
}

function parseDocument(bytes: Buffer): z.infer<typeof roomSchema> {
  try {
    return roomSchema.parse(JSON.parse(bytes.toString('utf8')))
  } catch (cause) {
    throw new DsProblem('malformed-body', cause)
  }
}

function parseRoom(ctx: DsContext, target: string, document: z.infer<typeof roomSchema>): NewRoom {
  const room = parseMimiUri(target, 'room')
  if (uriDomain(room) !== ctx.domain) throw new DsProblem('invalid-uri')
  const groupInfo = Buffer.from(document.groupInfo, 'base64')
  try {
    const ratchetTree = treeContent(Buffer.from(document.ratchetTree, 'base64'))
    const value = decode(groupInfoCodec, groupInfo)
    const group = readGroup(value)
    const leaves = readLeaves(ratchetTree)
    const creator = leaves[value.signer]
    const isWhole = holdsParticipantsOnly(group, leaves) && creator?.identity !== undefined
    if (!isWhole || !isActive(group, creator.identity ?? ''))
      throw new DsProblem('invalid-group-info')
    return { room, suite: document.suite ?? '', groupInfo, ratchetTree, creator }
  } catch (error) {
    throw error instanceof WireError ? new DsProblem('invalid-group-info', error) : error
  }
}

/** Answers whether this very room was begun before, its outcome unknown. */
async function keepAsCreating(ctx: DsContext, room: NewRoom): Promise<boolean> {
  const row = ctx.store.get(
    'SELECT r.state, g.group_info FROM ds_rooms r JOIN ds_groups g USING (room) WHERE r.room = ?',
    [room.room],
  )
  if (row !== undefined && textColumn(row, 'state') !== 'creating')
    throw new DsProblem('room-exists')
  if (row !== undefined && blobColumn(row, 'group_info').equals(room.groupInfo)) return true
  await ctx.store.writeAll([
    ['DELETE FROM ds_rooms WHERE room = ?', [room.room]],
    [
      `INSERT INTO ds_rooms (room, suite, state, accepted_ms, sequence)
       VALUES (?, ?, 'creating', 0, 0)`,
      [room.room, room.suite],
    ],
    [
      'INSERT INTO ds_groups (room, group_info, ratchet_tree) VALUES (?, ?, ?)',
      [room.room, room.groupInfo, room.ratchetTree],
    ],
  ])
  return false
}

async function activate(ctx: DsContext, account: Account, room: NewRoom): Promise<void> {
  const { client } = account
  await ctx.store.writeAll([
    ["UPDATE ds_rooms SET state = 'active' WHERE room = ?", [room.room]],
    joinStatement(room.room, { client, signatureKey: room.creator.signatureKey }),
  ])
}
