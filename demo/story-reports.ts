import { routeListSchema } from '../src/admin/notices-api.ts'
import type { ReceivedMessage } from '../src/client/flows/client-event.ts'
import type { FrankEvidence } from '../src/client/mimi/franked-message.ts'
import { clubhouse, lobby, providerOf, reported, type Cast } from './cast.ts'
import { expect } from './expectation.ts'
import { newestNotice } from './moderators.ts'
import { ask, listReports, newestReport, postern, reportKeyOf } from './operator.ts'
import type { Federation, Provider } from './providers.ts'
import type { Stage } from './stage.ts'
import { refusalOf } from './story-contacts.ts'
import { say } from './story-rooms.ts'

const { uri: room } = clubhouse

/** A report that its reporter can follow. */
export interface FollowedReport {
  readonly evidence: FrankEvidence
  readonly receipt: string
}

/** A true report, where it goes, and what a liar would hand in. draft-ietf-mimi-protocol-06 §5.9 */
export async function reports(
  stage: Stage,
  federation: Federation,
  cast: Cast,
): Promise<FollowedReport> {
  const report = await trueReport(stage, federation, cast)
  await routes(stage, federation, cast)
  await forgedReports(stage, federation, { cast, evidence: report.evidence })
  return report
}

function trueReport(stage: Stage, federation: Federation, cast: Cast): Promise<FollowedReport> {
  const hub = providerOf(federation, 'a.example')
  const { alice, bob, cathy } = cast
  return stage.step('Bob reports a message of Cathy, and it is verified', async (note) => {
    await say(cathy, { room, text: reported.rude, readers: [alice] })
    const evidence = evidenceOf(await bob.reads(room, reported.rude))
    const how = { key: await reportKeyOf(hub), category: 'harassment', signed: true } as const
    const sealed = { ...how, consent: { forward: true } }
    const receipt = await bob.client.report(room, [evidence], { note: reported.note, sealed })
    expect(receipt !== undefined, 'Bob gets a receipt')
    const [report, ...others] = await listReports(hub)
    expect(report !== undefined && others.length === 0, 'the operator has one report')
    expect(report.result === 'verified', `the report is verified, not ${report.result}`)
    expect(report.subject === cathy.client.participant(room), 'the report is about a pseudonym')
    const { checks } = await newestReport(hub)
    note('sealed to the hub: b.example passes it on and reads the category and the consent')
    note(`postern reports list: ${report.result}, ${report.category}, from ${report.provider}`)
    note(`about ${report.subject}, and it does not name Bob`)
    note(`checked by ${checks[0]?.method}: the hub stamped these very words, for her, in this room`)
    return { evidence, receipt }
  })
}

/** Policies decide who gets what; with Bob's consent Cathy's provider is told, and not by whom. */
function routes(stage: Stage, federation: Federation, { bob, cathy }: Cast): Promise<void> {
  const [hub, home] = [providerOf(federation, 'a.example'), providerOf(federation, 'c.example')]
  return stage.step('Policies decide where the report goes, and why', async (note) => {
    const { report } = await newestReport(hub)
    const shown = await postern(hub, ['reports', 'route', report.id, '--json'])
    const list = routeListSchema.parse(JSON.parse(shown))
    for (const disclosure of ['notice', 'evidence', 'reporter']) {
      const route = list.routes.find(
        (one) => one.role === 'sender-provider' && one.disclosure === disclosure,
      )
      const isAllowed = disclosure === 'notice'
      expect((route?.decision === 'allow') === isAllowed, `the ${disclosure} goes as it should`)
      const policies = route?.policies ?? []
      const why = policies.length === 0 ? 'no policy permits it' : policies.join(', ')
      note(`${disclosure} to ${route?.receiver}: ${route?.decision}, ${why}`)
    }
    const { id } = await newestNotice(home, ({ type }) => type === 'notice')
    const view = await ask(home, ({ notices }) => notices.find(id))
    const { subject_pseudonym: subject, category, verification } = view?.message ?? {}
    expect(subject === cathy.client.participant(room), 'the notice is about her pseudonym')
    const told = JSON.stringify(view?.message)
    const hidden = [bob.client.participant(room), bob.user, 'b.example', room, reported.rude]
    expect(!hidden.some((text) => told.includes(text)), 'the notice says nothing of Bob')
    note(`c.example has the notice: ${String(category)}, verified by ${String(verification)}`)
    note('in it are no words, no room, no reporter, and no provider of one')
  })
}

function forgedReports(
  stage: Stage,
  federation: Federation,
  { cast, evidence }: { readonly cast: Cast; readonly evidence: FrankEvidence },
): Promise<void> {
  const hub = providerOf(federation, 'a.example')
  const { bob } = cast
  return stage.step('Forged reports are told apart or refused', async (note) => {
    await bob.client.report(room, [edited(evidence, reported.ruder)], {
      note: 'What she really wrote',
    })
    note(`words edited under a true frank: ${await notVerified(hub)}`)
    await bob.client.report(room, [invented(edited(evidence, reported.rudest))])
    note(`words and frank invented: ${await notVerified(hub)}`)
    const elsewhere = await messageInLobby(cast)
    const foreign = await refusalOf(() => bob.client.report(room, [elsewhere]))
    expect(foreign.status === 422, `a report about another room is 422, not ${foreign.status}`)
    note(`a message of another room: 422 ${foreign.problem}`)
    const all = await listReports(hub)
    expect(all.filter(({ result }) => result === 'verified').length === 1, 'one verified report')
    expect(all.length === 3, `the refused report is not kept: 3 reports, not ${all.length}`)
  })
}

/** What the hub makes of the report that came last. */
async function notVerified(hub: Provider): Promise<string> {
  const { report, checks } = await newestReport(hub)
  const anomaly = checks[0]?.anomaly
  expect(report.result !== 'verified', 'the report is not verified')
  expect(anomaly !== undefined, 'the anomaly is told')
  return `${report.result}, ${anomaly}`
}

async function messageInLobby({ alice, bob }: Cast): Promise<FrankEvidence> {
  const text = 'Said in another room'
  const sent = await alice.client.sendText(lobby.uri, text)
  expect(sent.kind === 'accepted', `the message is accepted, not ${sent.kind}`)
  return evidenceOf(await bob.reads(lobby.uri, text))
}

/** What a reader can hand in of a message. */
export function evidenceOf({ evidence }: ReceivedMessage): FrankEvidence {
  expect(evidence !== undefined, 'the message is franked')
  return evidence
}

/** Other words of the same length, so that nothing but the frank can tell. */
function edited(evidence: FrankEvidence, text: string): FrankEvidence {
  const applicationData = Buffer.from(evidence.applicationData)
  const at = applicationData.indexOf(reported.rude)
  expect(at !== -1 && text.length === reported.rude.length, 'the words can be edited')
  applicationData.write(text, at)
  return { ...evidence, applicationData }
}

function invented(evidence: FrankEvidence): FrankEvidence {
  const serverFrank = Buffer.alloc(evidence.frank.serverFrank.length, 7)
  const frankingIntegritySignature = Buffer.alloc(64, 7)
  return { ...evidence, frank: { ...evidence.frank, serverFrank, frankingIntegritySignature } }
}
