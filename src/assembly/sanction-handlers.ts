import type { InternalHandlers, SanctionView } from '../listener/internal-handlers.ts'
import type { Sanction } from '../model/sanctions.ts'
import type { PipelineParts } from '../pipeline/parts.ts'
import type { StoredSanction } from '../sanctions/stored.ts'
import { nextOf } from './next-of.ts'

/** What our own delivery service may ask about sanctions, and say. docs/internal-api.md */
export function sanctionHandlers({
  sanctions,
}: Pick<PipelineParts, 'sanctions'>): Pick<InternalHandlers, 'sanctions' | 'sanctionResult'> {
  return {
    sanctions: async (question) => (await nextOf(sanctions, question)).map(viewOf),
    sanctionResult: ({ id, result, dropped }) => sanctions.count(id, { result, dropped }),
  }
}

/** Without the reason: nobody needs it to apply a sanction. */
function viewOf({ sequence, sanction }: StoredSanction): SanctionView {
  const { id, kind, room } = sanction
  return { sequence, id, kind, room, ...subjectOf(sanction) }
}

function subjectOf(sanction: Sanction): Partial<SanctionView> {
  switch (sanction.kind) {
    case 'ban':
    case 'unban':
      return { participant: sanction.participant }
    case 'limit':
    case 'unlimit': {
      const { participant, divisor, expiresAtMs } = sanction
      return { participant, divisor, expiresAtMs }
    }
    case 'retract':
    case 'restore':
      return sanction.message
    case 'label':
    case 'unlabel': {
      const { target, label, expiresAtMs } = sanction
      const { kind: _, ...subject } = target
      return { ...subject, label, expiresAtMs }
    }
    // For other providers: the delivery service has nothing to do.
    case 'strike':
    case 'retract-strike':
    case 'notify':
      return {}
  }
}
