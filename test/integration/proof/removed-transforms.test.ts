import { expect, test } from 'vitest'
import { transforms, type TransformName } from '../../../src/metadata/transforms.ts'
import type { FieldName } from '../../../src/model/metadata.ts'
import { useProofGround } from '../../support/proof.ts'

// A proof that finds nothing proves something only if it would notice: each transform is taken away
// once, and missed. bare-minimum withholds most, so that each has something to do there.
const proven = { suite: 'bare-minimum', policies: 'consumer' } as const
const ground = useProofGround()

interface Missed {
  readonly removed: TransformName
  readonly proof: 'taint' | 'interference'
  readonly during: string
  /** What shows; `unknown`: what no field stands for. */
  readonly what: FieldName | 'unknown'
  readonly seenBy: string
}

const missed: readonly Missed[] = [
  {
    removed: 'maskUserStatus',
    proof: 'interference',
    during: 'keyMaterial, of ours: userUnknown or noConsent',
    what: 'user.existence',
    seenBy: 'answer',
  },
  {
    removed: 'maskRoomStatus',
    proof: 'interference',
    during: 'groupInfo: no such room or not for you',
    what: 'user.existence',
    seenBy: 'answer',
  },
  {
    removed: 'maskRoomPresence',
    proof: 'interference',
    during: 'submitMessage: a room that is closed or none',
    what: 'user.existence',
    seenBy: 'answer',
  },
  {
    removed: 'maskQueryStatus',
    proof: 'interference',
    during: 'identifierQuery: ambiguous or notFound',
    what: 'user.existence',
    seenBy: 'answer',
  },
  {
    removed: 'maskConsentStatus',
    proof: 'interference',
    during: 'requestConsent in: an unknown user or a known one',
    what: 'user.existence',
    seenBy: 'answer',
  },
  {
    removed: 'maskErrorText',
    proof: 'taint',
    during: 'update in, refused',
    what: 'error.detail',
    seenBy: 'answer to peer-canary.example',
  },
  {
    removed: 'hideProfileFields',
    proof: 'taint',
    during: 'identifierQuery in, by handle',
    what: 'contact.profile',
    seenBy: 'answer to peer-canary.example',
  },
  {
    removed: 'hideUnknownComponents',
    proof: 'taint',
    during: 'identifierQuery in, by handle',
    what: 'unknown',
    seenBy: 'answer to peer-canary.example',
  },
  {
    removed: 'shuffleClients',
    proof: 'interference',
    during: 'keyMaterial, of ours: one order or the other',
    what: 'client.list',
    seenBy: 'answer',
  },
  {
    removed: 'reduceClients',
    proof: 'interference',
    during: 'keyMaterial, of ours: four clients or five',
    what: 'client.list',
    seenBy: 'answer',
  },
  {
    removed: 'bucketTime',
    proof: 'taint',
    during: 'submitMessage in and notify out, no tag',
    what: 'message.time',
    seenBy: 'third-canary.example',
  },
  {
    removed: 'showFrank',
    proof: 'taint',
    during: 'notify in, no tag',
    what: 'message.frank',
    seenBy: 'delivery service',
  },
  {
    removed: 'showReporter',
    proof: 'taint',
    during: 'reportAbuse out, without evidence',
    what: 'report.reporter',
    seenBy: 'peer-canary.example',
  },
  {
    removed: 'showNote',
    proof: 'taint',
    during: 'reportAbuse out, without evidence',
    what: 'report.note',
    seenBy: 'peer-canary.example',
  },
  {
    removed: 'showKeyPackages',
    proof: 'taint',
    during: 'updateConsent out',
    what: 'client.capabilities',
    seenBy: 'peer-canary.example',
  },
  {
    removed: 'dropUnknown',
    proof: 'taint',
    during: 'requestConsent out',
    what: 'unknown',
    seenBy: 'peer-canary.example',
  },
  {
    removed: 'showAttested',
    proof: 'taint',
    during: 'submitMessage out, no tag',
    what: 'sender.organisation',
    seenBy: 'peer-canary.example',
  },
  {
    removed: 'showInJournal',
    proof: 'taint',
    during: 'submitMessage in and notify out, no tag',
    what: 'room.id',
    seenBy: 'journal',
  },
  {
    removed: 'showOutcome',
    proof: 'interference',
    during: 'keyMaterial, of ours: userUnknown or noConsent',
    what: 'user.existence',
    seenBy: 'journal',
  },
  {
    removed: 'showPeer',
    proof: 'taint',
    during: 'groupInfo in',
    what: 'provider.domain',
    seenBy: 'journal',
  },
  {
    removed: 'showEventTime',
    proof: 'interference',
    during: 'submitMessage and notify, no tag: now or a little later',
    what: 'message.time',
    seenBy: 'journal',
  },
]

test('every transform is taken away', () => {
  const removed = missed.map((row) => row.removed)
  expect(removed.toSorted()).toEqual(Object.keys(transforms).toSorted())
})

test.each(missed)(
  'without $removed: $what in $seenBy, during $during',
  async ({ removed, proof, during, what, seenBy }) => {
    const found =
      proof === 'taint' ? await leaks(removed, during) : await differences(removed, during)
    expect(found).toContainEqual({ what, seenBy })
  },
  30_000,
)

async function leaks(removed: TransformName, during: string) {
  const { tainted } = await ground().taint({ ...proven, removed, only: new Set([during]) })
  return tainted.flatMap((one) =>
    one.leaks.map(({ fields, sink }) => ({ what: fields[0] ?? 'unknown', seenBy: sink })),
  )
}

async function differences(removed: TransformName, during: string) {
  const { compared } = await ground().interference({ ...proven, removed, only: new Set([during]) })
  return compared.flatMap((one) =>
    one.differences.map(({ field, sink }) => ({ what: field, seenBy: sink })),
  )
}
