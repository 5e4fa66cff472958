import type { CedarValueJson, EntityJson } from '@cedar-policy/cedar-wasm/nodejs'
import type { CaseFacts, ModerationRequest, ModeratorFacts } from './vocabulary.ts'

/** All entities of a request, in Cedar's JSON form. */
export function moderationEntities({
  principal,
  resource,
}: Pick<ModerationRequest, 'principal' | 'resource'>): EntityJson[] {
  return [ofModerator(principal), ...(resource === undefined ? [] : [ofCase(resource)])]
}

function ofModerator(moderator: ModeratorFacts): EntityJson {
  const { name, roles, queues, exposuresLeft, onBreak } = moderator
  return {
    uid: { type: 'Moderator', id: name },
    attrs: { exposuresLeft, onBreak },
    parents: [
      ...roles.map((id) => ({ type: 'Role', id })),
      ...queues.map((id) => ({ type: 'Queue', id })),
    ],
  }
}

function ofCase(known: CaseFacts): EntityJson {
  const { id, queue, holder, decider, approver, accused } = known
  const people = Object.entries({ holder, decider, approver, accused }).flatMap(([role, name]) =>
    name === undefined ? [] : [[role, reference('Moderator', name)] as const],
  )
  return {
    uid: { type: 'Case', id },
    attrs: {
      queue: reference('Queue', queue),
      childSafety: known.childSafety,
      media: known.media,
      legalHold: known.legalHold,
      irreversible: known.irreversible,
      ...Object.fromEntries(people),
    },
    parents: [],
  }
}

function reference(type: string, id: string): CedarValueJson {
  return { __entity: { type, id } }
}
