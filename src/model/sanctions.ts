import { branded, type Brand } from './brand.ts'
import type { Randomness } from './clock.ts'
import { GatewayError } from './errors.ts'
import type { MimiUri, ProviderDomain } from './ids.ts'

/** `san-` and 26 digits of Crockford's base 32: 48 bits of time, 80 random bits. Later ones sort after earlier ones. */
export type SanctionId = Brand<'SanctionId'>

interface SanctionBase {
  readonly id: SanctionId
  /** The room in which it holds, one of ours. */
  readonly room: MimiUri
  readonly issuedAtMs: number
  /** A report category, or a code of the operator's own: at most 64 of `a-z0-9._-`. */
  readonly reason: string
  /** The sanction that this one takes back. */
  readonly undoes?: SanctionId | undefined
}

/** One message, by what the hub can know of it. At least one of both. */
export interface MessageTarget {
  /** Component 0x0020 of its SafeAAD: 64 hexadecimal digits. Names the copies that wait at the hub. */
  readonly frankingTag?: string | undefined
  /** The MIMI message id: 64 hexadecimal digits. Names the message to clients. draft-ietf-mimi-content §3.3 */
  readonly messageId?: string | undefined
}

/** A participant as the room shows it (a user or a pseudonym), or one message. */
export type LabelTarget =
  | { readonly kind: 'participant'; readonly participant: MimiUri }
  | ({ readonly kind: 'message' } & MessageTarget)

export interface Ban extends SanctionBase {
  readonly kind: 'ban' | 'unban'
  readonly participant: MimiUri
}

export interface Limit extends SanctionBase {
  readonly kind: 'limit' | 'unlimit'
  readonly participant: MimiUri
  /** Its budget for messages is that of others divided by this: an integer from 2 to 1,000. */
  readonly divisor: number
  readonly expiresAtMs: number
}

export interface Retraction extends SanctionBase {
  readonly kind: 'retract' | 'restore'
  readonly message: MessageTarget
}

export interface Label extends SanctionBase {
  readonly kind: 'label' | 'unlabel'
  readonly target: LabelTarget
  /** At most 32 of `a-z0-9-`. */
  readonly label: string
  readonly expiresAtMs: number
}

export interface Strike extends SanctionBase {
  readonly kind: 'strike' | 'retract-strike'
  /** The provider of who sent the message. */
  readonly provider: ProviderDomain
  readonly participant: MimiUri
  /** 64 hexadecimal digits. */
  readonly frankingTag: string
  readonly severity: StrikeSeverity
}

export interface Notify extends SanctionBase {
  readonly kind: 'notify'
  readonly provider: ProviderDomain
  readonly participant: MimiUri
  /** Names the statement of reasons; at most 64 of `A-Za-z0-9._-`. */
  readonly statementRef: string
  readonly notice: 'statement' | 'withdrawal'
}

export type StrikeSeverity = 'low' | 'medium' | 'high'

/** What a moderation decision does. Each has an inverse, which is a sanction as well. */
export type Sanction = Ban | Limit | Retraction | Label | Strike | Notify
export type SanctionKind = Sanction['kind']

export const sanctionKinds = [
  'ban',
  'unban',
  'limit',
  'unlimit',
  'retract',
  'restore',
  'label',
  'unlabel',
  'strike',
  'retract-strike',
  'notify',
] as const satisfies readonly SanctionKind[]

/** What the inverse brings back. */
export type Reversibility =
  /** All of it. */
  | 'full'
  /** The right to come back: clients that were removed join again by themselves. */
  | 'readmission'
  /** What clients hid they may show again; copies that were dropped and clients that deleted do not come back. */
  | 'advisory'
  /** Who was told stays told; a second notice says that the first one no longer holds. */
  | 'notice'

export function reversibility(kind: SanctionKind): Reversibility {
  switch (kind) {
    case 'ban':
    case 'unban':
      return 'readmission'
    case 'limit':
    case 'unlimit':
    case 'label':
    case 'unlabel':
    case 'strike':
    case 'retract-strike':
      return 'full'
    case 'retract':
    case 'restore':
      return 'advisory'
    case 'notify':
      return 'notice'
  }
}

/** The sanction that takes `sanction` back. Limits and labels keep the end that they had. */
export function inverse(
  sanction: Sanction,
  { id, issuedAtMs }: Pick<Sanction, 'id' | 'issuedAtMs'>,
): Sanction {
  const base = { id, issuedAtMs, undoes: sanction.id }
  switch (sanction.kind) {
    case 'ban':
    case 'unban':
      return { ...sanction, ...base, kind: sanction.kind === 'ban' ? 'unban' : 'ban' }
    case 'limit':
    case 'unlimit':
      return { ...sanction, ...base, kind: sanction.kind === 'limit' ? 'unlimit' : 'limit' }
    case 'retract':
    case 'restore':
      return { ...sanction, ...base, kind: sanction.kind === 'retract' ? 'restore' : 'retract' }
    case 'label':
    case 'unlabel':
      return { ...sanction, ...base, kind: sanction.kind === 'label' ? 'unlabel' : 'label' }
    case 'strike':
    case 'retract-strike':
      return {
        ...sanction,
        ...base,
        kind: sanction.kind === 'strike' ? 'retract-strike' : 'strike',
      }
    case 'notify':
      return {
        ...sanction,
        ...base,
        notice: sanction.notice === 'statement' ? 'withdrawal' : 'statement',
      }
  }
}

/** When it ends by itself, in ms since the Unix epoch; undefined: not. */
export function expiryOf(sanction: Sanction): number | undefined {
  return 'expiresAtMs' in sanction ? sanction.expiresAtMs : undefined
}

/**
 * How far a sanction has come. `enforced-at-hub`: the hub has done what it can do alone, which is all for
 * kinds that have no part in the group. `waiting-for-commit`: a member has to commit what the hub proposed.
 */
export type SanctionState =
  'pending' | 'enforced-at-hub' | 'waiting-for-commit' | 'in-group-state' | 'failed' | 'undone'

export type SanctionStep =
  /** The hub does its part from now on. */
  | 'enforced'
  /** The hub's proposals are accepted and wait. */
  | 'proposed'
  /** A commit has brought the sanction into the group's state. */
  | 'committed'
  /** The proposals are gone without effect, or the group has gone back. */
  | 'lapsed'
  /** The hub cannot do its part. */
  | 'failed'
  /** Another sanction takes it back. */
  | 'undone'
  /** Its time is over. */
  | 'expired'

export const sanctionStates = [
  'pending',
  'enforced-at-hub',
  'waiting-for-commit',
  'in-group-state',
  'failed',
  'undone',
] as const satisfies readonly SanctionState[]

export const sanctionSteps = [
  'enforced',
  'proposed',
  'committed',
  'lapsed',
  'failed',
  'undone',
  'expired',
] as const satisfies readonly SanctionStep[]

/** The state after a step; undefined where the step does not exist in that state. */
export function nextState(state: SanctionState, step: SanctionStep): SanctionState | undefined {
  return transitions[state][step]
}

/** Whether the hub enforces a sanction that is in this state. */
export function isEnforced(state: SanctionState): boolean {
  return state === 'enforced-at-hub' || state === 'waiting-for-commit' || state === 'in-group-state'
}

const ends = { undone: 'undone', expired: 'undone' } as const

const transitions: Readonly<
  Record<SanctionState, Readonly<Partial<Record<SanctionStep, SanctionState>>>>
> = {
  pending: { ...ends, enforced: 'enforced-at-hub', failed: 'failed' },
  'enforced-at-hub': { ...ends, proposed: 'waiting-for-commit', committed: 'in-group-state' },
  'waiting-for-commit': { ...ends, committed: 'in-group-state', lapsed: 'enforced-at-hub' },
  'in-group-state': { ...ends, lapsed: 'enforced-at-hub' },
  failed: ends,
  undone: {},
}

/** A sanction and how far it has come. */
export interface SanctionRecord {
  readonly sanction: Sanction
  readonly state: SanctionState
  /** Why it is no further, as one of our own words; undefined where nothing stands in its way. */
  readonly note: string | undefined
  readonly updatedAtMs: number
}

/** Whatever decides hands its sanctions to this. */
export interface SanctionPort {
  /**
   * Enforces it at the hub and begins what else it takes; durable once it resolves. The same id again
   * does nothing. Throws `room-unknown` for a room that is not ours, `store-unavailable`.
   */
  apply(sanction: Sanction): Promise<SanctionRecord>
  /** Applies the inverse and answers it. Throws `not-found`, and `malformed-request` for what is undone already. */
  undo(id: SanctionId): Promise<SanctionRecord>
}

/** A fresh id. */
export function newSanctionId(nowMs: number, randomness: Randomness): SanctionId {
  const random = BigInt(`0x${randomness(RANDOM_BYTES).toString('hex')}`)
  let rest = (BigInt(nowMs) << RANDOM_BITS) | random
  let digits = ''
  for (let count = 0; count < DIGITS; count++) {
    digits = ALPHABET.charAt(Number(rest & 31n)) + digits
    rest >>= 5n
  }
  return branded<'SanctionId'>(`san-${digits}`)
}

/** Throws `malformed-request`. */
export function parseSanctionId(text: string): SanctionId {
  if (!ID_PATTERN.test(text)) throw new GatewayError('malformed-request')
  return branded<'SanctionId'>(text)
}

const RANDOM_BYTES = 10
const RANDOM_BITS = 80n
const DIGITS = 26
/** Crockford's base 32. */
const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'
const ID_PATTERN = /^san-[0-9A-HJKMNP-TV-Z]{26}$/
