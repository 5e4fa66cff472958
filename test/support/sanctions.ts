import type { SanctionView } from '../../src/admin/sanctions-api.ts'
import { createControlClient } from '../../src/cli/control-client.ts'
import type { Provider } from './federation.ts'
import { until } from './gateway-calls.ts'

/** What an operator orders at a hub. */
export async function order(hub: Provider, sanction: object): Promise<SanctionView> {
  await using client = control(hub)
  return await client.sanctions.apply({ reason: 'spam', ...sanction })
}

export async function undo(hub: Provider, id: string): Promise<SanctionView> {
  await using client = control(hub)
  return await client.sanctions.undo(id)
}

export async function look(hub: Provider, id: string): Promise<SanctionView> {
  await using client = control(hub)
  const found = await client.sanctions.find(id)
  if (found === undefined) throw new Error('no such sanction')
  return found
}

/** Waits until a sanction has come this far. */
export async function comesTo(hub: Provider, id: string, state: string): Promise<void> {
  await until(async () => (await look(hub, id)).state === state)
}

export function control(hub: Provider) {
  return createControlClient(hub.config().listeners.admin.socket)
}
