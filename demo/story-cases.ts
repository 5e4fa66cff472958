import { z } from 'zod'
import { caseDetailSchema, evidenceSchema } from '../src/admin/cases-api.ts'
import { clubhouse, providerOf, reported, type Cast } from './cast.ts'
import type { Device } from './device.ts'
import { expect } from './expectation.ts'
import { caseAbout, refusedWith, sanctionIn, statusOf } from './moderators.ts'
import { ask, postern } from './operator.ts'
import type { Federation, Provider } from './providers.ts'
import type { Stage } from './stage.ts'
import { say } from './story-rooms.ts'

const { uri: room } = clubhouse

export interface CaseStory {
  readonly cast: Cast
  readonly tablet: Device
  /** Of Bob's report. */
  readonly receipt: string
}

/** A case, and what those who play it know of it. */
export interface PlayedCase extends CaseStory {
  readonly id: string
  /** Cathy's pseudonym. */
  readonly subject: string
}

/** What becomes of the report about Cathy: a case, which two people decide. docs/moderation.md */
export async function decideCase(
  stage: Stage,
  federation: Federation,
  story: CaseStory,
): Promise<PlayedCase> {
  const hub = providerOf(federation, 'a.example')
  const subject = story.cast.cathy.client.participant(room)
  const id = await claim(stage, hub, { subject, receipt: story.receipt })
  const played = { ...story, id, subject }
  await ban(stage, hub, played)
  await intoTheGroup(stage, hub, played)
  return played
}

/** One moderator holds it, and only that one sees what was reported. */
function claim(
  stage: Stage,
  hub: Provider,
  { subject, receipt }: Pick<PlayedCase, 'subject' | 'receipt'>,
): Promise<string> {
  return stage.step('The reports are one case, and Ann claims it', async (note) => {
    const { id, reports, verified, queue } = await caseAbout(hub, subject)
    expect(reports === 3 && verified === 1, `3 reports, 1 verified, not ${reports}, ${verified}`)
    note(`${reports} reports about ${subject}, ${verified} verified: one case, in ${queue}`)
    await expectStatus(hub, receipt, 'received')
    const claimed = await ask(hub, ({ cases }) => cases.claim(id, { as: 'ann' }))
    expect(claimed.case.holder === 'ann', 'Ann holds the case')
    const late = await refusedWith(ask(hub, ({ cases }) => cases.claim(id, { as: 'ben' })))
    expect(late === 'case-claimed', `Ben comes too late, not ${late}`)
    note(
      `POST /control/v1/cases/…/claim: Ann holds it for ten minutes; Ben a moment later: ${late}`,
    )
    const ben = { as: 'ben', mfa: true }
    const closed = await refusedWith(ask(hub, ({ cases }) => cases.evidence(id, ben)))
    expect(closed === 'case-claimed', `Ben may not look, not ${closed}`)
    const shown = await postern(hub, ['cases', 'show', id, ...ANN, '--evidence', '--json'])
    const { evidence } = shownSchema.parse(JSON.parse(shown))
    expect(evidence.messages[0]?.texts[0] === reported.rude, 'Ann reads what was reported')
    note(
      `postern cases show --evidence: “${reported.rude}”, for Ann alone, and that she looked is logged`,
    )
    await expectStatus(hub, receipt, 'under_review')
    note('Bob asks with his receipt: under_review')
    return id
  })
}

/** What cannot be taken back takes two people; then it holds at once. */
function ban(stage: Stage, hub: Provider, { id, receipt, cast }: PlayedCase): Promise<void> {
  const { alice, bob, cathy } = cast
  return stage.step('Ann proposes a ban, Ben agrees, and the hub refuses Cathy', async (note) => {
    const decide = ['cases', 'decide', id, ...ANN, ...FORM, '--ban', '--json']
    const { case: proposed } = caseDetailSchema.parse(JSON.parse(await postern(hub, decide)))
    expect(proposed.phase === 'proposed', `it waits for a second person, not ${proposed.phase}`)
    await say(cathy, { room, text: 'You cannot stop me', readers: [alice, bob] })
    const again = { as: 'ann', mfa: true, agree: true }
    const alone = await refusedWith(ask(hub, ({ cases }) => cases.approve(id, again)))
    expect(alone === 'moderation-denied', `Ann may not agree with herself, not ${alone}`)
    note(`postern cases decide --ban: only proposed; Ann may not approve it herself: ${alone}`)
    const approve = ['cases', 'approve', id, '--as', 'ben', '--mfa', '--json']
    const { case: decided } = caseDetailSchema.parse(JSON.parse(await postern(hub, approve)))
    expect(decided.phase === 'decided', `it is decided, not ${decided.phase}`)
    const late = await cathy.client.sendText(room, 'See?')
    expect(late.kind === 'not-allowed', `her next message is refused, not ${late.kind}`)
    note(`postern cases approve by Ben; Cathy's next message: ${late.kind}`)
    const { sanction } = await sanctionIn(hub, room, { kind: 'ban', state: 'waiting-for-commit' })
    note(`sanction ${sanction.kind}: enforced at the hub, waiting for commit`)
    await expectStatus(hub, receipt, 'decided:action')
    note('Bob asks with his receipt: decided:action')
  })
}

/** What the hub proposes becomes the group's own state by a commit of any member. */
function intoTheGroup(
  stage: Stage,
  hub: Provider,
  { subject, cast: { alice, bob, cathy }, tablet }: PlayedCase,
): Promise<void> {
  return stage.step('A member writes on, and the ban is in the group', async (note) => {
    await proposedTo(alice)
    await say(alice, { room, text: 'Let us go on', readers: [bob] })
    const seen = await bob.sees('room-changed', ({ removed }) => removed.length > 0)
    const isHers = seen.removed.every(({ user }) => user === cathy.user)
    expect(isHers && seen.removed.length === 2, 'Bob sees that both of her clients are out')
    const entry = seen.participants.find(({ user }) => user === subject)
    expect(entry?.roleIndex === BANNED, `her role is banned, not ${entry?.roleIndex}`)
    note('Alice writes; her client first commits what the hub proposed: two Removes and a role')
    note(`Bob sees both clients of Cathy go, and ${subject} in role ${BANNED}, banned`)
    for (const device of [cathy, tablet]) await device.sees('removed', (gone) => gone.room === room)
    await sanctionIn(hub, room, { kind: 'ban', state: 'in-group-state' })
    note('sanction ban: in group state')
  })
}

/** What the hub proposes has reached this client. */
export async function proposedTo(device: Device): Promise<void> {
  while (device.client.group(room).pendingProposals.length === 0)
    await device.sees('proposal', (event) => event.room === room)
}

/** What Bob, or whoever holds his receipt, is told. */
export async function expectStatus(hub: Provider, receipt: string, status: string): Promise<void> {
  const told = await statusOf(hub, receipt)
  expect(told === status, `the status is ${status}, not ${told}`)
}

const shownSchema = z.looseObject({ evidence: evidenceSchema })
const ANN = ['--as', 'ann', '--mfa']
const FORM = Object.entries({
  outcome: 'action',
  category: 'harassment',
  facts: 'An insult to a member.',
  terms: 'Section 4',
  why: 'No insults.',
}).flatMap(([name, value]) => [`--${name}`, value])
/** draft-ietf-mimi-room-policy-03 */
const BANNED = 1
