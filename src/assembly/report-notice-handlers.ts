import type { InternalHandlers } from '../listener/internal-handlers.ts'
import type { ModeratorNotices } from '../notices/moderator-notices.ts'
import type { PipelineParts } from '../pipeline/parts.ts'
import { moderatorsOf } from '../rooms/moderators.ts'
import { nextOf } from './next-of.ts'

/** What our own delivery service may ask about reports, for moderators of our rooms. docs/internal-api.md */
export function reportNoticeHandlers(
  { rooms, sanctions }: Pick<PipelineParts, 'rooms' | 'sanctions'>,
  notices: ModeratorNotices,
): Pick<InternalHandlers, 'reportNotices'> {
  // While it was away somebody may have lost the role, or been banned.
  const stillModerate = (room: string, users: readonly string[]): readonly string[] => {
    const state = rooms.find(room)
    const now = new Set(state === undefined ? [] : moderatorsOf(state))
    return users.filter((user) => now.has(user) && !sanctions.isBanned(room, user))
  }
  return {
    reportNotices: async (question) =>
      (await nextOf(notices, question)).map((notice) => ({
        ...notice,
        moderators: stillModerate(notice.room, notice.moderators),
      })),
  }
}
