import type { KeyObject } from 'node:crypto'
import type { Clock } from '../model/clock.ts'
import { GatewayError } from '../model/errors.ts'
import type { IssuerKey, KeyKind } from '../privacypass/token-scheme.ts'
import type { TokenType } from '../privacypass/token-type.ts'
import { keyLines, keyLinesOf, type KeyLine } from './key-line.ts'
import {
  liveKeys,
  planKeys,
  planReplacement,
  planSuccessor,
  type KeyPlan,
  type TimedKey,
} from './key-plan.ts'
import type { TokenClass } from './token-class.ts'

/** A key as it is kept. */
export interface KeptKey extends TimedKey {
  readonly key: KeyObject
}

/** Where the keys of each line are kept: the key ring. Both writes are durable once they resolve. */
export interface KeptKeys {
  all(line: KeyLine): readonly KeptKey[]
  /** Where another process was faster, its key is kept and not this one. */
  add(line: KeyLine, made: Omit<KeptKey, 'id'>): Promise<unknown>
  expire(line: KeyLine, id: string, atMs: number): Promise<void>
}

/** How keys are made, for each type of which there are tokens. */
export type KeyKinds = Readonly<Partial<Record<TokenType, KeyKind>>>

/** A key that counts now. */
export interface LiveKey extends KeptKey {
  readonly tokenClass: TokenClass
  /** Whether requests for tokens are answered with it: one key of each line. */
  readonly signs: boolean
  readonly issuerKey: IssuerKey
}

export interface IssuerKeysOptions {
  /** Our name in challenges: the provider's domain. */
  readonly issuer: string
  readonly kept: KeptKeys
  readonly kinds: KeyKinds
  readonly clock: Clock
}

/** The issuer's keys: at most two of each line at any moment, and always one that signs. */
export interface IssuerKeys {
  /** Of all lines, those of type 0x0002 first; within one the signing key comes first. */
  live(): readonly LiveKey[]
  /** Makes and ends what is due; resolves to whether anything was. */
  rotate(): Promise<boolean>
  /** `soon`: the next key takes over at the begin of a day. `now`: all keys of all lines end. */
  replace(when: 'soon' | 'now'): Promise<void>
}

/** Opens the keys and makes what is missing. Throws `key-unavailable`. */
export async function openIssuerKeys(options: IssuerKeysOptions): Promise<IssuerKeys> {
  const { kept, kinds, clock } = options
  const lines = keyLinesOf(kinds)
  const opened = new Map<KeyObject, IssuerKey>()
  const live = (): readonly LiveKey[] => lines.flatMap((line) => liveOf(options, line, opened))
  const carryOut = async (line: KeyLine, plan: KeyPlan): Promise<void> => {
    // INVARIANT: what ends has ended on the disk before there is one more.
    for (const { id, atMs } of plan.expire) await kept.expire(line, id, atMs)
    if (plan.create === undefined) return
    const others = live().map(({ issuerKey }) => issuerKey.tokenKey)
    await kept.add(line, { key: await kindOf(kinds, line).generate(others), ...plan.create })
  }
  const settle = async (): Promise<boolean> => {
    let changed = false
    for (const line of lines) {
      const plan = planKeys(kept.all(line), clock())
      if (plan.create === undefined && plan.expire.length === 0) continue
      await carryOut(line, plan)
      changed = true
    }
    return changed
  }
  const inTurn = oneAtATime()
  await settle()
  return {
    live,
    rotate: () => inTurn(settle),
    replace: (when) =>
      inTurn(async () => {
        const plan = when === 'now' ? planReplacement : planSuccessor
        for (const line of lines) await carryOut(line, plan(kept.all(line), clock()))
      }),
  }
}

function liveOf(
  { issuer, kept, kinds, clock }: IssuerKeysOptions,
  line: KeyLine,
  opened: Map<KeyObject, IssuerKey>,
): readonly LiveKey[] {
  const { tokenClass } = keyLines[line]
  const { signing, other } = liveKeys(kept.all(line), clock())
  return [signing, other].flatMap((found) => {
    if (found === undefined) return []
    const issuerKey = opened.get(found.key) ?? kindOf(kinds, line).open(found.key, issuer)
    opened.set(found.key, issuerKey)
    return { ...found, issuerKey, tokenClass, signs: found === signing }
  })
}

function kindOf(kinds: KeyKinds, line: KeyLine): KeyKind {
  const kind = kinds[keyLines[line].tokenType]
  if (kind === undefined) throw new GatewayError('key-unavailable')
  return kind
}

/** Runs what it is given one after the other; a failure is its caller's only. */
function oneAtATime(): <T>(work: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve()
  return (work) => {
    const turn = last.then(work, work)
    last = turn
    return turn
  }
}
