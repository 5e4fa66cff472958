import type { Randomness } from '../../model/clock.ts'
import { GatewayError } from '../../model/errors.ts'
import { parseMimiUri, uriDomain, type MimiUri } from '../../model/ids.ts'
import { newSanctionId, type MessageTarget, type Sanction } from '../../model/sanctions.ts'
import type { CaseMessage } from './case-messages.ts'
import type { ActionDraft, DecisionForm } from './decision-form.ts'

/** What a decision is about. */
export interface Decided {
  readonly decision: string
  readonly room: string
  readonly subject: string
  /** Those that were reported. */
  readonly messages: readonly CaseMessage[]
  readonly atMs: number
}

/**
 * The sanctions of a form; whoever is sanctioned is always told. Throws `decision-invalid` where the
 * subject is known by a handle only, or a message is none of the case's; a strike needs a verified one.
 */
export function draftSanctions(
  form: DecisionForm,
  decided: Decided,
  randomness: Randomness,
): readonly Sanction[] {
  if (form.outcome !== 'action') return []
  const told = form.actions.some(({ kind }) => kind === 'notify')
  const actions: readonly ActionDraft[] = told
    ? form.actions
    : [...form.actions, { kind: 'notify' }]
  const participant = subjectOf(decided.subject)
  const common = { participant, reason: form.category, decided, randomness }
  return actions.flatMap((action) => sanctionsOf(action, common))
}

interface Common {
  readonly participant: MimiUri
  readonly reason: string
  readonly decided: Decided
  readonly randomness: Randomness
}

function sanctionsOf(action: ActionDraft, common: Common): readonly Sanction[] {
  const { participant, reason, decided, randomness } = common
  const { atMs } = decided
  const base = () => ({
    id: newSanctionId(atMs, randomness),
    room: parseMimiUri(decided.room, 'room'),
    issuedAtMs: atMs,
    reason,
  })
  const provider = uriDomain(participant)
  switch (action.kind) {
    case 'ban':
      return [{ ...base(), kind: 'ban', participant }]
    case 'limit': {
      const { divisor, days } = action
      return [{ ...base(), kind: 'limit', participant, divisor, expiresAtMs: atMs + days * DAY_MS }]
    }
    case 'retract':
      return targetsOf(action.messageId, decided).map((message) => ({
        ...base(),
        kind: 'retract',
        message,
      }))
    case 'label':
      return [{ ...base(), ...labelOf(action, common) }]
    case 'strike': {
      const { frankingTag, severity } = action
      if (!decided.messages.some(({ frankingTags }) => frankingTags.includes(frankingTag)))
        throw noMessage()
      return [{ ...base(), kind: 'strike', provider, participant, frankingTag, severity }]
    }
    case 'notify': {
      const statementRef = decided.decision
      return [
        { ...base(), kind: 'notify', provider, participant, statementRef, notice: 'statement' },
      ]
    }
  }
}

function labelOf(
  { label, days, messageId }: Extract<ActionDraft, { kind: 'label' }>,
  { participant, decided }: Common,
) {
  const [message] = messageId === undefined ? [] : targetsOf(messageId, decided)
  return {
    kind: 'label' as const,
    target:
      message === undefined
        ? { kind: 'participant' as const, participant }
        : { kind: 'message' as const, ...message },
    label,
    expiresAtMs: decided.atMs + days * DAY_MS,
  }
}

/**
 * One message of the case, or all of them, by all that names it: clients know its id, and copies that wait
 * are found by their tag.
 */
function targetsOf(messageId: string | undefined, { messages }: Decided): readonly MessageTarget[] {
  const chosen =
    messageId === undefined ? messages : messages.filter((one) => one.messageId === messageId)
  if (chosen.length === 0) throw noMessage()
  return chosen.flatMap(({ messageId: id, frankingTags }): readonly MessageTarget[] =>
    frankingTags.length === 0
      ? [{ messageId: id }]
      : frankingTags.map((frankingTag) => ({ messageId: id, frankingTag })),
  )
}

function noMessage(): GatewayError {
  return new GatewayError('decision-invalid', { facts: { reason: 'message' } })
}

function subjectOf(subject: string): MimiUri {
  try {
    return parseMimiUri(subject, 'user')
  } catch (cause) {
    throw new GatewayError('decision-invalid', { facts: { reason: 'subject' }, cause })
  }
}

const DAY_MS = 86_400_000
