import type { NoticeList, NoticeView } from '../src/admin/notices-api.ts'
import type { SanctionView } from '../src/admin/sanctions-api.ts'
import type { CaseListView } from '../src/cli/cases-client.ts'
import { ControlError } from '../src/cli/control-error.ts'
import { expect } from './expectation.ts'
import { ask, NEWEST, settled } from './operator.ts'
import type { Provider } from './providers.ts'

// What those who moderate ask a gateway, at its control socket.

/** The one case about a participant, as somebody of the team finds it in the queue. */
export async function caseAbout(
  hub: Provider,
  subject: string,
): Promise<CaseListView['cases'][number]> {
  const { cases } = await ask(hub, (control) => control.cases.list({ as: 'ann' }))
  const [found, ...others] = cases.filter((each) => each.subject === subject)
  expect(found !== undefined && others.length === 0, 'there is one case about the participant')
  return found
}

/** The code with which the gateway refuses. Throws `ExpectationError` where it does not. */
export async function refusedWith(attempt: Promise<unknown>): Promise<string> {
  try {
    await attempt
  } catch (error) {
    if (error instanceof ControlError) return error.code
    throw error
  }
  expect(false, 'a refusal')
}

/** The newest sanction of a kind in a room, once it has come this far. */
export async function sanctionIn(
  hub: Provider,
  room: string,
  { kind, state }: { readonly kind: string; readonly state: string },
): Promise<SanctionView> {
  const found = await settled(
    async () => {
      const { sanctions } = await ask(hub, (control) =>
        control.sanctions.list({ room, before: undefined, limit: 10 }),
      )
      return sanctions.find(({ sanction }) => sanction.kind === kind)
    },
    (view) => view?.state === state,
  )
  expect(found?.state === state, `the ${kind} is ${state}, not ${found?.state}`)
  return found
}

type Received = NoticeList['received'][number]

/** The newest notice that a provider has got, once it is as wanted. */
export async function newestNotice(
  provider: Provider,
  isWanted: (notice: Received) => boolean,
): Promise<Received> {
  const found = await settled(
    async () => (await ask(provider, ({ notices }) => notices.list(NEWEST))).received[0],
    (notice) => notice !== undefined && isWanted(notice),
  )
  expect(found !== undefined && isWanted(found), `${provider.plan.domain} has got the notice`)
  return found
}

/** A notice that a provider has sent, once the other side's answer is there. */
export async function answered(hub: Provider, id: string, state: string): Promise<NoticeView> {
  const found = await settled(
    () => ask(hub, ({ notices }) => notices.find(id)),
    (view) => view?.sent?.state === state,
  )
  expect(found?.sent?.state === state, `the answer is ${state}, not ${found?.sent?.state}`)
  return found
}

/** What whoever holds the receipt of a report learns, at the hub. docs/reports.md */
export async function statusOf({ addresses }: Provider, receipt: string): Promise<string> {
  const response = await fetch(`${addresses.internal}/internal/v1/reports/${receipt}`)
  const { status } = (await response.json()) as { readonly status: string }
  return status
}
