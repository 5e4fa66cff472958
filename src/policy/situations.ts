import { operations } from '../model/exchange.ts'
import { audiences, purposes } from '../model/metadata.ts'
import { senderTiers } from '../model/sender-tier.ts'
import { GatewayError } from '../model/errors.ts'
import type { CedarRequest } from './engine.ts'
import { mentionedIds } from './identify.ts'
import type { Ladder } from './ladders.ts'
import type { LoadedPolicies } from './load.ts'
import { gatewayActions } from './schema.ts'
import { peerClasses, policySuites, regions, roomProfiles } from './vocabulary.ts'

/** Everything about a request but its action. */
export type Situation = Omit<CedarRequest, 'action'>

/** What is told apart beside what policies tell apart. */
export interface Distinctions {
  /** Facts, as policies name them. */
  readonly attributes: ReadonlySet<string>
  readonly ids: Readonly<Record<EntityType, readonly string[]>>
}

type EntityType = 'Peer' | 'PeerGroup' | 'Room' | 'Tenant'

/**
 * All situations that policies can tell apart on a ladder: facts that no policy reads, and peers,
 * groups, rooms and tenants that none mentions, are represented by one of them. Peer class and purpose
 * are always told apart. Throws `policy-invalid` where they are more than 20 million.
 */
export function* situations(
  ladder: Ladder,
  sets: readonly LoadedPolicies[],
  also: Distinctions = NOTHING_MORE,
): Generator<Situation, void, undefined> {
  const policies = relevantTo(ladder, sets)
  const read = new Set([...attributesRead(policies), ...also.attributes])
  const all = <T>(name: string, values: readonly [T, ...T[]]): readonly T[] =>
    read.has(name) ? values : [values[0]]
  const named = (type: EntityType) => new Set([...mentionedIds(policies, type), ...also.ids[type]])
  const ids = (type: EntityType): readonly string[] => [UNNAMED, ...named(type)]
  const peers = product({
    id: ids('Peer'),
    class: peerClasses,
    region: all('region', regions),
    agreement: all('agreement', BOTH),
    verified: all('verified', BOTH),
    groups: subsets([...named('PeerGroup')]),
  })
  const rooms = product({
    id: ids('Room'),
    suite: all('suite', policySuites),
    profile: all('profile', roomProfiles),
    region: all('region', regions),
    tenant: ids('Tenant'),
  })
  const contexts =
    ladder.kind === 'admission'
      ? product({
          direction: all('direction', DIRECTIONS),
          local: all('local', BOTH),
          tier: all('tier', senderTiers),
        })
      : product({
          purpose: purposes,
          audience: all('audience', audiences),
          direction: all('direction', DIRECTIONS),
          operation: all('operation', operations),
        })
  if (peers.length * rooms.length * contexts.length > SITUATIONS_MAX) throw tooMany()
  for (const principal of peers)
    for (const resource of rooms)
      for (const context of contexts) yield { principal, resource, context }
}

/** The policies whose head matches an action of the ladder. */
function relevantTo(ladder: Ladder, sets: readonly LoadedPolicies[]): LoadedPolicies {
  const rungs = new Set(ladder.rungs.map(({ action }) => action))
  const matching = new Set(
    gatewayActions()
      .filter(({ id }) => rungs.has(id))
      .flatMap(({ id, groups }) => [id, ...groups]),
  )
  const policies = sets
    .flatMap((set) => set.policies)
    .filter(({ json: { action } }) => {
      if (action.op === 'All') return true
      return actionIds(action).some((id) => matching.has(id))
    })
  return { policies }
}

/** Every id in the head for the action. */
function actionIds(json: unknown): readonly string[] {
  if (typeof json !== 'object' || json === null) return []
  if ('id' in json && typeof json.id === 'string') return [json.id]
  return Object.values(json).flatMap(actionIds)
}

/**
 * Every name that any expression takes from anything: more than is read, never less. A whole context
 * cannot be compared without one, as records in policies are written out with their names.
 */
function attributesRead({ policies }: LoadedPolicies): ReadonlySet<string> {
  const names = new Set<string>()
  const visit = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return
    if ('attr' in value) for (const name of [value.attr].flat()) names.add(String(name))
    if ('Record' in value) for (const name of Object.keys(Object(value.Record))) names.add(name)
    for (const child of Object.values(value)) visit(child)
  }
  for (const { json } of policies) visit(json)
  return names
}

/** All combinations of one value for each name. */
function product<Row extends object>(values: {
  readonly [Name in keyof Row]: readonly Row[Name][]
}): readonly Row[] {
  return Object.entries<readonly unknown[]>(values).reduce<readonly Row[]>(
    (rows, [name, all]) => {
      if (rows.length * all.length > SITUATIONS_MAX) throw tooMany()
      return rows.flatMap((row) => all.map((value) => ({ ...row, [name]: value })))
    },
    [Object.create(null)],
  )
}

function subsets(groups: readonly string[]): readonly (readonly string[])[] {
  if (groups.length > GROUPS_MAX) throw tooMany()
  return groups.reduce<readonly (readonly string[])[]>(
    (found, group) => [...found, ...found.map((set) => [...set, group])],
    [[]],
  )
}

function tooMany(): GatewayError {
  return new GatewayError('policy-invalid', { facts: { fault: 'too-many-situations' } })
}

const UNNAMED = '~'
const NOTHING_MORE: Distinctions = {
  attributes: new Set(),
  ids: { Peer: [], PeerGroup: [], Room: [], Tenant: [] },
}
const BOTH = [false, true] as const
const DIRECTIONS = ['ingress', 'egress'] as const
const SITUATIONS_MAX = 20_000_000
const GROUPS_MAX = 10
