import type { LabelRecipient, Place } from '../metadata/labels/label.ts'
import {
  labelRecipient,
  suitePlan,
  type Sight,
  type StatedRetention,
} from '../metadata/labels/recipient.ts'
import { sightsFrom, sightsOfRoom, type Sights } from '../metadata/labels/sights.ts'
import { purposeOf } from '../metadata/plan.ts'
import type { Suite } from '../metadata/suite.ts'
import type { Direction, Operation } from '../model/exchange.ts'
import type { MimiUri } from '../model/ids.ts'
import type { Audience } from '../model/metadata.ts'
import type { RequirementDocuments } from '../peers/requirement-documents.ts'
import type { PipelineParts } from '../pipeline/parts.ts'
import type { PeerFacts } from '../policy/vocabulary.ts'
import type { OpenStanding } from './label-standing.ts'
import { retentionDays } from './retention.ts'

export interface RecipientParts extends Pick<PipelineParts, 'adapter' | 'home' | 'policies'> {
  /** Of other providers: they state how long they keep what. */
  readonly documents: Pick<RequirementDocuments, 'latest'>
}

/** Where something is shared. */
export interface Scene {
  readonly place: Place
  readonly suite: Suite
  readonly room: MimiUri | undefined
}

/** What another provider gets from us: our requests to it and our answers to its own. */
export function otherProvider(
  parts: RecipientParts,
  scene: Scene,
  { provider, facts, audience }: Pick<OpenStanding, 'provider' | 'facts'> & AsAudience,
): LabelRecipient {
  const { requests, answers } = sightsFrom(scene.place, audience)
  const planned = (operation: Operation, direction: Direction) =>
    sight(parts, scene, { operation, direction, audience, peer: facts })
  return recipient(parts, scene, {
    audience,
    providers: [provider],
    retention: parts.documents.latest(provider)?.document.retention,
    sights: [
      ...requests.map((operation) => planned(operation, 'egress')('request')),
      ...answers.map((operation) => planned(operation, 'ingress')('response')),
    ],
  })
}

/**
 * What we get in a room ourselves: the requests of everybody in it, and answers, which are shown as
 * the gateway of the other side decides.
 */
export function ourselves(
  parts: RecipientParts,
  scene: Scene,
  { audience, peers }: AsAudience & { readonly peers: readonly PeerFacts[] },
): LabelRecipient {
  const { requests, answers } = sightsOfRoom(audience)
  return recipient(parts, scene, {
    audience,
    providers: [parts.home.peer.id],
    retention: retentionDays,
    sights: [
      ...peers.flatMap((peer) =>
        requests.map((operation) =>
          sight(parts, scene, { operation, direction: 'ingress', audience, peer })('request'),
        ),
      ),
      ...promised(parts, scene, audience)({ requests: [], answers }),
    ],
  })
}

/** Our journal: what we keep of any exchange of the room, whoever took part in it. */
export function ourJournal(
  parts: RecipientParts,
  scene: Scene,
  peers: readonly PeerFacts[],
): LabelRecipient {
  const audience = 'archive'
  const { requests } = sightsOfRoom(audience)
  const sights = peers.flatMap((peer) =>
    requests.flatMap((operation) =>
      DIRECTIONS.flatMap((direction) => {
        const seen = sight(parts, scene, { operation, direction, audience, peer })
        return [seen('request'), seen('response')]
      }),
    ),
  )
  return recipient(parts, scene, {
    audience,
    providers: [parts.home.peer.id],
    retention: retentionDays,
    sights,
  })
}

/** The other followers of a room at another hub: what the suite lets the hub show them. */
export function otherFollowers(parts: RecipientParts, scene: Scene): LabelRecipient {
  const audience = 'follower'
  return recipient(parts, scene, {
    audience,
    providers: [],
    retention: undefined,
    sights: promised(parts, scene, audience)(sightsOfRoom(audience)),
  })
}

interface AsAudience {
  readonly audience: Audience
}

interface Party extends AsAudience {
  readonly operation: Operation
  readonly direction: Direction
  readonly peer: PeerFacts
}

function sight(
  { policies, home }: RecipientParts,
  { suite, room }: Scene,
  { operation, direction, audience, peer }: Party,
): (part: Sight['part']) => Sight {
  const table = policies.current()
  const asked = { peer, room: home.room(room, suite), operation, direction } as const
  const local = direction === 'egress' || peer === home.peer
  const plan = table.look({ ...asked, audience, purpose: purposeOf(operation, audience) })
  const admitted = table.acceptableTiers({ ...asked, local }).length > 0
  return (part) => ({ operation, part, plan, admitted, promised: false })
}

function promised({ adapter }: RecipientParts, { suite }: Scene, audience: Audience) {
  const of =
    (part: Sight['part']) =>
    (operation: Operation): Sight => ({
      operation,
      part,
      plan: suitePlan(suite, adapter.declarations, { operation, audience }),
      admitted: true,
      promised: true,
    })
  return ({ requests, answers }: Sights): readonly Sight[] => [
    ...requests.map(of('request')),
    ...answers.map(of('response')),
  ]
}

interface Received extends AsAudience {
  readonly providers: readonly string[]
  readonly retention: StatedRetention | undefined
  readonly sights: readonly Sight[]
}

function recipient(
  { adapter }: RecipientParts,
  { suite }: Scene,
  received: Received,
): LabelRecipient {
  return labelRecipient({ ...received, suite, declarations: adapter.declarations })
}

const DIRECTIONS = ['ingress', 'egress'] as const satisfies readonly Direction[]
