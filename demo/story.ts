import { assemble, type Cast } from './cast.ts'
import { startFederation, type Federation, type ProviderPlan } from './providers.ts'
import type { Stage } from './stage.ts'
import { agree, change, namedRoom, tooMuch } from './story-agreements.ts'
import { complianceRoom, findAndAsk } from './story-contacts.ts'
import { appeal } from './story-appeal.ts'
import { decideCase } from './story-cases.ts'
import { flood, removal } from './story-moderation.ts'
import { reports } from './story-reports.ts'
import { fillClubhouse, newDevice, secondRoom, talk } from './story-rooms.ts'

/** Starts the providers; what it returns has to be disposed of. */
export function raiseCurtain(
  stage: Stage,
  plans: readonly ProviderPlan[],
  signal: AbortSignal,
): Promise<Federation> {
  return stage.step('Five providers start, each a gateway process of its own', async (note) => {
    const federation = await startFederation(plans, signal)
    for (const { plan, gateway, addresses } of federation.providers)
      note(`${plan.domain}  process ${gateway.pid}  ${addresses.peers}  ${plan.about}`)
    note('mutual TLS between them, and before each one a tap that records every octet')
    stage.watch(federation.recording)
    return federation
  })
}

/** The draft's example, and what moderation needs. Throws where a step fails. */
export async function play(stage: Stage, federation: Federation): Promise<Cast> {
  const cast = await stage.step('Clients register with their providers', async (note) => {
    const everybody = await assemble(federation)
    for (const { label, user } of Object.values<Cast[keyof Cast]>({ ...everybody }))
      note(`${label.padEnd(6)} ${user}${label === 'Dora' ? ', whom nobody may add unasked' : ''}`)
    note('KeyPackages published; Alice, Bob, Cathy and Finn have exchanged connection cards')
    return everybody
  })
  await agree(stage, federation)
  await fillClubhouse(stage, cast)
  await talk(stage, cast)
  const tablet = await newDevice(stage, federation, cast)
  await secondRoom(stage, cast)
  await complianceRoom(stage, cast)
  await findAndAsk(stage, cast)
  await namedRoom(stage, cast)
  await tooMuch(stage, federation, cast)
  await change(stage, federation, cast)
  const { receipt } = await reports(stage, federation, cast)
  await flood(stage, federation, cast)
  await appeal(stage, federation, await decideCase(stage, federation, { cast, tablet, receipt }))
  await removal(stage, cast, tablet)
  return cast
}
