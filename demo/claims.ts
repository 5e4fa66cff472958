import {
  answerBytes,
  domainOf,
  operationOf,
  requestBytes,
  roomOf,
  suiteOf,
  targetOf,
} from './crossed.ts'
import { claim, type Claim } from './claim.ts'
import { claimsOnFiles, claimsOnReports } from './claims-moderation.ts'
import { crossingsOf, Deliveries, shownTime, type CheckedCrossing } from './deliveries.ts'
import { pseudonymsIn, type Eye } from './eye.ts'
import { headerOf, type Crossing } from './recording.ts'
import { BUCKET_MS } from './sighting.ts'
import type { Witnessed } from './witnessed.ts'

/** What the story is about, as far as claims name it. */
export interface ClaimedStory {
  /** The hub whose rooms hide names. */
  readonly hub: string
  readonly suite: string
  /** A room that removed the last user of a provider. */
  readonly removed: { readonly room: string; readonly provider: string }
  /** Two followers of that room: what the first one's users write must reach the second one. */
  readonly relay: { readonly from: string; readonly to: string }
  /** A follower of rooms of the hub under more than one suite. */
  readonly twoSuites: { readonly follower: string; readonly suites: readonly string[] }
  /** A provider with which the hub has no suite in common. */
  readonly apart: string
  /** What is written to be reported. */
  readonly words: readonly string[]
}

/** Holds the recorded bytes, and what gateways keep, against what Postern promises. */
export function checkClaims(
  { crossings, kept }: Witnessed,
  eye: Eye,
  story: ClaimedStory,
): readonly Claim[] {
  const deliveries = new Deliveries(crossings)
  return [
    ...claimsOnPeople(crossings, eye, { story, deliveries }),
    ...claimsOnBytes(crossings, { story, deliveries }),
    ...claimsOnAgreements(crossings, story),
    ...claimsOnReports(crossings, eye),
    ...claimsOnFiles(kept, story.words),
  ]
}

interface Held {
  readonly story: ClaimedStory
  readonly deliveries: Deliveries
}

function claimsOnPeople(
  crossings: readonly Crossing[],
  eye: Eye,
  { story, deliveries }: Held,
): readonly Claim[] {
  return [
    claim(
      'no-follower-saw-a-sender',
      'No follower saw who sent an application message: no user, client, pseudonym or provider.',
      deliveries.messages.map(({ crossing }) => [crossing, isSenderless(crossing, eye)]),
    ),
    claim(
      'hub-saw-pseudonyms-only',
      `In ${story.suite} rooms ${story.hub} saw room pseudonyms only of others' users (keyMaterial aside).`,
      seenByHub(crossings, story).map(([crossing, bytes]) => [
        crossing,
        eye.realIn(bytes).every((uri) => domainOf(uri) === story.hub),
      ]),
    ),
    claim(
      'one-pseudonym-one-room',
      'No pseudonym was seen in two rooms.',
      crossings.flatMap((crossing) => pseudonymChecks(crossing, eye)),
    ),
    claim(
      'group-info-is-sealed',
      'The answers to groupInfo name nobody: they are sealed to the client that joins.',
      crossingsOf(crossings, 'groupInfo').map((crossing) => [crossing, namesNobody(crossing, eye)]),
    ),
  ]
}

function claimsOnBytes(
  crossings: readonly Crossing[],
  { story, deliveries }: Held,
): readonly Claim[] {
  const { hub, removed, relay, suite } = story
  const isRelayed = ({ from, to }: Crossing) => from === relay.from && to === hub
  return [
    claim(
      'messages-pass-unchanged',
      'What was submitted, followers got octet for octet: only time and frank are written in.',
      deliveries.submissions.flatMap((submission) => deliveries.relayed(submission)),
    ),
    claim(
      'relayed-through-the-hub',
      `The same holds from ${relay.from} through ${hub} to ${relay.to}.`,
      deliveries.submissions
        .filter((submission) => isRelayed(submission) && targetOf(submission) === removed.room)
        .flatMap((submission) => {
          const checks = deliveries.relayed(submission).filter(([{ to }]) => to === relay.to)
          return checks.length === 0 ? [[submission, false] as const] : checks
        }),
    ),
    claim(
      'commits-pass-unchanged',
      'Commits of other providers were fanned out octet for octet.',
      deliveries.updates.map((update) => [update, deliveries.isFannedOut(update)]),
    ),
    claim(
      'franks-everywhere',
      'Every application message that was fanned out carries a frank.',
      deliveries.messages.map(({ crossing, fanout }) => [crossing, fanout.frank !== undefined]),
    ),
    claim(
      'times-in-buckets',
      `Every time that left the hub of a ${suite} room is a whole second.`,
      crossings
        .filter((crossing) => suiteOf(crossing) === suite && shownTime(crossing) !== undefined)
        .map((crossing) => [crossing, (shownTime(crossing) ?? 1n) % BUCKET_MS === 0n]),
    ),
    claim(
      'refused-goes-nowhere',
      'What the hub refused (429, notAllowed) reached nobody, and 429 says when to try again.',
      deliveries.refused.map((crossing) => [crossing, deliveries.staysAtHub(crossing)]),
    ),
    claim(
      'removed-gets-nothing',
      `After its last user was removed, ${removed.provider} got nothing of the room, which went on.`,
      deliveries.endsWithCommit(removed.room, removed.provider),
    ),
  ]
}

function isSenderless(crossing: Crossing, eye: Eye): boolean {
  const bytes = requestBytes(crossing)
  const ends = [crossing.to, domainOf(targetOf(crossing))]
  return (
    eye.realIn(bytes).length === 0 &&
    pseudonymsIn(bytes).length === 0 &&
    eye.providersIn(bytes).every((domain) => ends.includes(domain))
  )
}

function claimsOnAgreements(
  crossings: readonly Crossing[],
  { hub, twoSuites, apart }: ClaimedStory,
): readonly Claim[] {
  const fannedOut = crossingsOf(crossings, 'notify').filter(
    ({ from, to }) => from === hub && to === twoSuites.follower,
  )
  const seen = new Set(fannedOut.map(suiteOf))
  return [
    claim(
      'requests-name-their-agreement',
      'Every operation between providers names the agreement that it is under.',
      crossings
        .filter((crossing) => operationOf(crossing) !== undefined)
        .map((crossing) => [crossing, agreementOf(crossing) !== undefined]),
    ),
    claim(
      'two-suites-one-agreement',
      `${twoSuites.follower} follows rooms of ${hub} under ${twoSuites.suites.join(' and ')}, by one agreement.`,
      fannedOut.map((crossing) => [
        crossing,
        twoSuites.suites.every((suite) => seen.has(suite)) &&
          agreementOf(crossing) === agreementOf(fannedOut[0]),
      ]),
    ),
    claim(
      'too-much-gets-nothing',
      `Between ${hub} and ${apart}, which asks for more, nothing crossed but their documents.`,
      crossings
        .filter(({ from, to }) => [from, to].includes(hub) && [from, to].includes(apart))
        .map((crossing) => [crossing, operationOf(crossing) === undefined]),
    ),
  ]
}

function agreementOf(crossing: Crossing | undefined): string | undefined {
  return headerOf(crossing?.headers ?? [], 'mimi-metadata-agreement')
}

/** All bytes that reached the hub in operations of its rooms that hide names: requests, and answers. */
function seenByHub(
  crossings: readonly Crossing[],
  { hub, suite }: ClaimedStory,
): readonly (readonly [Crossing, Buffer])[] {
  return crossings.flatMap((crossing) => {
    const room = operationOf(crossing) === 'keyMaterial' ? undefined : roomOf(crossing)
    if (room === undefined || domainOf(room) !== hub || suiteOf(crossing) !== suite) return []
    return [[crossing, crossing.to === hub ? requestBytes(crossing) : answerBytes(crossing)]]
  })
}

function pseudonymChecks(crossing: Crossing, eye: Eye): readonly CheckedCrossing[] {
  return pseudonymsIn(requestBytes(crossing)).flatMap((pseudonym) => {
    const rooms = eye.pseudonyms.get(pseudonym)
    return rooms === undefined ? [] : [[crossing, rooms.size === 1]]
  })
}

function namesNobody(crossing: Crossing, eye: Eye): boolean {
  const bytes = answerBytes(crossing)
  const people = [...eye.realIn(bytes), ...pseudonymsIn(bytes)]
  return people.length === 0 && !eye.showsRoomName(bytes)
}
