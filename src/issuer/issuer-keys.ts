import { createPublicKey, type KeyObject } from 'node:crypto'
import type { Clock } from '../model/clock.ts'
import { blindRsaIssuerKey } from '../privacypass/blind-rsa/token-key.ts'
import type { IssuerKey, TokenKey } from '../privacypass/token-scheme.ts'
import {
  liveKeys,
  planKeys,
  planReplacement,
  planSuccessor,
  type KeyPlan,
  type TimedKey,
} from './key-plan.ts'
import { tokenClasses, type TokenClass } from './token-class.ts'

/** A key as it is kept. */
export interface KeptKey extends TimedKey {
  readonly key: KeyObject
}

/** Where the keys of one class are kept: the key ring. Both writes are durable once they resolve. */
export interface KeptKeys {
  all(tokenClass: TokenClass): readonly KeptKey[]
  /** Where another process was faster, its key is kept and not this one. */
  add(tokenClass: TokenClass, made: Omit<KeptKey, 'id'>): Promise<unknown>
  expire(tokenClass: TokenClass, id: string, atMs: number): Promise<void>
}

/** A key that counts now. */
export interface LiveKey extends KeptKey {
  readonly tokenClass: TokenClass
  /** Whether requests for tokens are answered with it: one key of each class. */
  readonly signs: boolean
  readonly issuerKey: IssuerKey
  /** 256 octets; a blinded message is a smaller integer. */
  readonly modulus: Buffer
}

export interface IssuerKeysOptions {
  /** Our name in challenges: the provider's domain. */
  readonly issuer: string
  readonly kept: KeptKeys
  /** Makes a private key whose id ends unlike those of `live`; off the event loop. */
  readonly generate: (live: readonly TokenKey[]) => Promise<KeyObject>
  readonly clock: Clock
}

/** The issuer's keys: at most two of each class at any moment, and always one that signs. */
export interface IssuerKeys {
  /** Of all classes; within one the signing key comes first. */
  live(): readonly LiveKey[]
  /** Makes and ends what is due; resolves to whether anything was. */
  rotate(): Promise<boolean>
  /** `soon`: the next key takes over at the begin of a day. `now`: all keys of all classes end. */
  replace(when: 'soon' | 'now'): Promise<void>
}

/** Opens the keys and makes what is missing. Throws `key-unavailable`. */
export async function openIssuerKeys(options: IssuerKeysOptions): Promise<IssuerKeys> {
  const { kept, clock } = options
  const opened = new Map<KeyObject, OpenedKey>()
  const live = (): readonly LiveKey[] =>
    tokenClasses.flatMap((tokenClass) => liveOf(options, tokenClass, opened))
  const carryOut = async (tokenClass: TokenClass, plan: KeyPlan): Promise<void> => {
    // INVARIANT: what ends has ended on the disk before there is one more.
    for (const { id, atMs } of plan.expire) await kept.expire(tokenClass, id, atMs)
    if (plan.create === undefined) return
    const others = live().map(({ issuerKey }) => issuerKey.tokenKey)
    await kept.add(tokenClass, { key: await options.generate(others), ...plan.create })
  }
  const settle = async (): Promise<boolean> => {
    let changed = false
    for (const tokenClass of tokenClasses) {
      const plan = planKeys(kept.all(tokenClass), clock())
      if (plan.create === undefined && plan.expire.length === 0) continue
      await carryOut(tokenClass, plan)
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
        for (const tokenClass of tokenClasses)
          await carryOut(tokenClass, plan(kept.all(tokenClass), clock()))
      }),
  }
}

type OpenedKey = Pick<LiveKey, 'issuerKey' | 'modulus'>

function liveOf(
  { issuer, kept, clock }: IssuerKeysOptions,
  tokenClass: TokenClass,
  opened: Map<KeyObject, OpenedKey>,
): readonly LiveKey[] {
  const { signing, other } = liveKeys(kept.all(tokenClass), clock())
  return [signing, other].flatMap((found) => {
    if (found === undefined) return []
    const known = opened.get(found.key) ?? openKey(found.key, issuer)
    opened.set(found.key, known)
    return { ...found, ...known, tokenClass, signs: found === signing }
  })
}

function openKey(key: KeyObject, issuer: string): OpenedKey {
  const { n = '' } = createPublicKey(key).export({ format: 'jwk' })
  return { issuerKey: blindRsaIssuerKey(key, issuer), modulus: Buffer.from(n, 'base64url') }
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
