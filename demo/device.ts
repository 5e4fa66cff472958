import type { ClientEvent } from '../src/client/flows/client-event.ts'
import type { MimiClientOptions } from '../src/client/flows/register-client.ts'
import { MimiClient } from '../src/client/mimi-client.ts'
import { ExpectationError } from './expectation.ts'
import type { Provider } from './providers.ts'

export interface DeviceOptions extends Pick<
  MimiClientOptions,
  'requireConsent' | 'profile' | 'connectionKey'
> {
  /** Tells the user's devices apart. */
  readonly device?: string
}

/** One client of one user, and what it has received and nobody has looked at yet. */
export class Device {
  /** For people: `Cathy`, or `Cathy's tablet`. */
  readonly label: string
  readonly client: MimiClient
  private unseen: readonly ClientEvent[] = []

  private constructor(label: string, client: MimiClient) {
    this.label = label
    this.client = client
  }

  static async register(
    provider: Provider,
    name: string,
    { device = 'phone', ...options }: DeviceOptions = {},
  ): Promise<Device> {
    const { domain } = provider.plan
    const client = await MimiClient.register({
      url: provider.addresses.clients,
      user: `mimi://${domain}/u/${name.toLowerCase()}`,
      client: `mimi://${domain}/d/${name.toLowerCase()}-${device}`,
      clock: () => Date.now(),
      ...(provider.addresses.tokens === undefined ? {} : { tokensUrl: provider.addresses.tokens }),
      ...options,
    })
    return new Device(device === 'phone' ? name : `${name}'s ${device}`, client)
  }

  /** The user's URI. */
  get user(): string {
    return this.client.user
  }

  /** Waits for an event, in whatever order events come. Throws `ExpectationError` after ten seconds. */
  async sees<Kind extends ClientEvent['kind']>(
    kind: Kind,
    isWanted: (event: Extract<ClientEvent, { kind: Kind }>) => boolean = () => true,
  ): Promise<Extract<ClientEvent, { kind: Kind }>> {
    const isIt = (event: ClientEvent): event is Extract<ClientEvent, { kind: Kind }> =>
      event.kind === kind && isWanted(event as Extract<ClientEvent, { kind: Kind }>)
    const untilMs = Date.now() + PATIENCE_MS
    for (;;) {
      const found = this.unseen.find(isIt)
      if (found !== undefined) {
        this.unseen = this.unseen.filter((event) => event !== found)
        return found
      }
      const waitMs = untilMs - Date.now()
      if (waitMs <= 0) throw new ExpectationError(`expected: ${this.label} sees ${kind}`)
      this.unseen = [...this.unseen, ...(await this.client.receive({ waitMs }))]
    }
  }

  /** The message with this text. */
  reads(room: string, text: string) {
    return this.sees('message', (event) => event.room === room && event.text === text)
  }

  epoch(room: string): bigint {
    return this.client.group(room).context.epoch
  }
}

/** Everybody gets everybody's connection card, as by scanning a code. */
export function introduce(devices: readonly Device[]): void {
  for (const one of devices)
    for (const other of devices)
      if (one.user !== other.user) one.client.connect(other.client.connectionCard())
}

const PATIENCE_MS = 10_000
