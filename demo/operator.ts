import { execFile } from 'node:child_process'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import {
  reportListSchema,
  type ReportDetail,
  type ReportSummary,
} from '../src/admin/control-api.ts'
import type { AgreementView, PeerList } from '../src/admin/requirements-api.ts'
import { createControlClient, type ControlClient } from '../src/cli/control-client.ts'
import type { RequirementsDocument } from '../src/metadata/requirements/document.ts'
import { openDocument } from '../src/metadata/requirements/signed-document.ts'
import { expect } from './expectation.ts'
import { REPOSITORY } from './gateway-process.ts'
import type { Provider } from './providers.ts'

/** What `postern reports list --json` prints for the operator of a running gateway. */
export async function listReports(provider: Provider): Promise<readonly ReportSummary[]> {
  return reportListSchema.parse(JSON.parse(await postern(provider, ['reports', 'list', '--json'])))
    .reports
}

/** Lets a gateway read its configuration again. */
export async function reload(provider: Provider): Promise<void> {
  await postern(provider, ['reload'])
}

/** Asks the others for their documents, and agrees with them. */
export function meetPeers(provider: Provider): Promise<PeerList> {
  return ask(provider, ({ requirements }) => requirements.refreshPeers())
}

export function agreementsOf(provider: Provider): Promise<readonly AgreementView[]> {
  return ask(provider, async ({ requirements }) => (await requirements.listAgreements()).agreements)
}

/** What `postern agreements approve` does. */
export function approve(provider: Provider, { id }: AgreementView): Promise<AgreementView> {
  return ask(provider, ({ requirements }) => requirements.approve(id))
}

/** The document that a provider publishes now. */
export async function documentOf(provider: Provider): Promise<RequirementsDocument> {
  const { jws } = await ask(provider, ({ requirements }) => requirements.own())
  const opened = openDocument(Buffer.from(jws))
  expect(opened.kind === 'opened', 'the document can be read')
  return opened.signed.document
}

/** What reports to a provider are sealed to, as its document says. */
export async function reportKeyOf(provider: Provider): Promise<{ kid: string; x: string }> {
  const { reports } = await documentOf(provider)
  const key = reports?.sealingKey ?? undefined
  expect(key !== undefined, 'the document names the key for reports')
  return { kid: key.kid, x: key.x }
}

/** Runs the command as an operator would, and gives it `input` to read. */
export async function postern(
  { configFile }: Provider,
  args: readonly string[],
  input = '',
): Promise<string> {
  const running = promisify(execFile)(
    process.execPath,
    ['src/main.ts', ...args, '--config', configFile],
    { cwd: REPOSITORY, timeout: COMMAND_MS },
  )
  running.child.stdin?.end(input)
  return (await running).stdout
}

/** Asks a running gateway at its control socket, as a console would. Throws `ControlError`. */
export async function ask<T>(
  { configFile }: Provider,
  question: (client: ControlClient) => Promise<T>,
): Promise<T> {
  await using control = createControlClient(join(dirname(configFile), 'data', 'control.sock'))
  return await question(control)
}

/** What the other side says of the one strike that this hub has sent, as soon as it says something. */
export async function strikeAnswered(provider: Provider): Promise<string> {
  return settled(
    async () => {
      const { sent } = await ask(provider, ({ notices }) => notices.list(NEWEST))
      return sent.find(({ type }) => type === 'strike')?.state ?? 'not sent'
    },
    (state) => !WAITING.has(state),
  )
}

/** What `look` finds as soon as it is as wanted, or at the latest after twenty seconds. */
export async function settled<T>(
  look: () => Promise<T>,
  isWanted: (found: T) => boolean,
): Promise<T> {
  const untilMs = Date.now() + COMMAND_MS
  for (;;) {
    const found = await look()
    if (isWanted(found) || Date.now() > untilMs) return found
    await sleep(POLL_MS)
  }
}

/** The report that came last, with its checks: asked at the control socket, as the command does. */
export async function newestReport(provider: Provider): Promise<ReportDetail> {
  const detail = await ask(provider, async (control) => {
    const { reports } = await control.listReports({ after: undefined, limit: 1 })
    return reports[0] && control.findReport(reports[0].id)
  })
  expect(detail !== undefined, 'the report is kept')
  return detail
}

const COMMAND_MS = 20_000
const POLL_MS = 50
export const NEWEST = {
  peer: undefined,
  sentBefore: undefined,
  receivedBefore: undefined,
  limit: 10,
}
const WAITING: ReadonlySet<string> = new Set(['not sent', 'queued', 'delivered', 'received'])
