import { appealSchema } from '../src/admin/cases-api.ts'
import { clubhouse, providerOf } from './cast.ts'
import { expect } from './expectation.ts'
import { answered, newestNotice, refusedWith, sanctionIn } from './moderators.ts'
import { ask, postern } from './operator.ts'
import type { Federation } from './providers.ts'
import type { Stage } from './stage.ts'
import { expectStatus, proposedTo, type PlayedCase } from './story-cases.ts'
import { say } from './story-rooms.ts'

const { uri: room } = clubhouse

/** Cathy's own provider answers, her appeal is heard by somebody else, and she comes back. */
export async function appeal(
  stage: Stage,
  federation: Federation,
  played: PlayedCase,
): Promise<void> {
  await answerNotice(stage, federation)
  await reverse(stage, federation, played)
  await comeBack(stage, federation, played)
}

/** The hub knows a pseudonym; her provider knows the account, and says what it did. */
function answerNotice(stage: Stage, federation: Federation): Promise<void> {
  const [hub, home] = [providerOf(federation, 'a.example'), providerOf(federation, 'c.example')]
  return stage.step("Cathy's provider answers the notice of the ban", async (note) => {
    const { id } = await newestNotice(home, () => true)
    const answer = ['notices', 'answer', id, 'actioned', '--action', 'warning']
    await postern(home, answer)
    const { sent, message } = await answered(hub, id, 'actioned')
    note(`postern notices list at c.example: hub_action ${String(message['hub_action'])}`)
    note(`postern notices answer at c.example: actioned, with a ${sent?.actionClass}`)
    const { policies = [] } = sent ?? {}
    note(`a.example sees the answer; the notice had been let go by ${policies.join(', ')}`)
  })
}

/** Neither of the two who decided may hear the appeal. */
function reverse(stage: Stage, federation: Federation, { id, receipt }: PlayedCase): Promise<void> {
  const [hub, home] = [providerOf(federation, 'a.example'), providerOf(federation, 'c.example')]
  return stage.step('Cathy appeals, and somebody else reverses the ban', async (note) => {
    const file = ['appeals', 'file', id, '--from', home.plan.domain, '--json']
    const filed = appealSchema.parse(JSON.parse(await postern(hub, file, WORDS)))
    note(`postern appeals file, for c.example, in her words: “${WORDS}”`)
    const verdict = { outcome: 'reversed', reasons: REASONS, mfa: true } as const
    for (const as of ['ann', 'ben']) {
      const own = ask(hub, ({ cases }) => cases.decideAppeal(filed.id, { ...verdict, as }))
      const code = await refusedWith(own)
      expect(code === 'moderation-denied', `${as} may not decide it, not ${code}`)
    }
    note('Ann proposed and Ben agreed, so neither may decide it: moderation-denied')
    const cora = ['--as', 'cora', '--mfa', '--reverse', '--reasons', REASONS]
    await postern(hub, ['appeals', 'decide', filed.id, ...cora])
    await sanctionIn(hub, room, { kind: 'ban', state: 'undone' })
    await sanctionIn(hub, room, { kind: 'unban', state: 'waiting-for-commit' })
    note(`postern appeals decide --reverse by Cora: “${REASONS}”`)
    note('sanction ban: undone; unban: enforced at the hub, waiting for commit')
    await newestNotice(home, ({ withdrawnAtMs }) => withdrawnAtMs !== undefined)
    note('c.example is told that the notice no longer holds')
    await expectStatus(hub, receipt, 'decided:reversed')
    note('Bob asks with his receipt: decided:reversed')
  })
}

/** Her role comes back with a commit; her clients come back by themselves. */
function comeBack(
  stage: Stage,
  federation: Federation,
  { cast, tablet, subject }: PlayedCase,
): Promise<void> {
  const hub = providerOf(federation, 'a.example')
  const { alice, bob, cathy } = cast
  return stage.step('The ban is undone in the group, and Cathy comes back', async (note) => {
    await proposedTo(bob)
    await say(bob, { room, text: 'She may come back', readers: [alice] })
    await sanctionIn(hub, room, { kind: 'unban', state: 'in-group-state' })
    const secret = cathy.client.roomSecret(room)
    expect(secret !== undefined, 'Cathy has kept what her clients need to come back')
    for (const device of [cathy, tablet]) {
      device.client.learnRoomSecret(secret)
      const joined = await device.client.joinExternally(room)
      expect(joined.kind === 'accepted', `the join is accepted, not ${joined.kind}`)
    }
    expect(cathy.client.participant(room) === subject, 'she is who she was')
    note(`${subject} has her role again; phone and tablet join by external commits`)
    await say(cathy, { room, text: BACK, readers: [alice, bob, tablet] })
    note(`Cathy: “${BACK}”, read by all`)
  })
}

const WORDS = 'It is a line from a play that we rehearse together.'
const REASONS = 'Both of them quote the play.'
const BACK = 'Thank you for looking again'
