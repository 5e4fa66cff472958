import type { CommandEnvironment } from './command.ts'
import type { ControlClient } from './control-client.ts'

/** The control socket that the options name, else the one of the configuration. */
export async function connectControl(
  {
    socket,
    config,
  }: { readonly socket?: string | undefined; readonly config?: string | undefined },
  { controlSocket }: CommandEnvironment,
): Promise<ControlClient> {
  // An HTTP client is too slow to load for commands that need none.
  const { createControlClient } = await import('./control-client.ts')
  return createControlClient(socket ?? (await controlSocket(config)))
}
