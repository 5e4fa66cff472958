import type { EventJournal } from '../audit/journal.ts'
import type { KeyHandlers, KeyList, RotatablePurpose } from '../admin/keys-api.ts'
import type { KeyListing, KeyRing } from '../keys/key-files.ts'
import type { KeyPurpose, SecretPurpose } from '../keys/key-material.ts'
import type { Clock } from '../model/clock.ts'
import { GatewayError } from '../model/errors.ts'
import type { Issuer } from './issuer.ts'

export interface KeyHandlersOptions extends JournalParts {
  readonly keys: KeyRing
  readonly issuer: Issuer | undefined
  /** What we publish names keys. */
  readonly publish: () => Promise<unknown>
}

interface JournalParts {
  readonly journal: EventJournal
  readonly clock: Clock
}

/** Keys as the control socket shows them. */
export function createKeyHandlers(options: KeyHandlersOptions): KeyHandlers {
  const { keys, issuer, publish } = options
  const viewOf = (belongs: (purpose: KeyPurpose) => boolean): KeyList['keys'] =>
    keys
      .list()
      .filter(({ purpose }) => belongs(purpose))
      .map(keyView)
  return {
    list: () => ({ keys: viewOf(() => true) }),
    rotate: async ({ purpose, now }) => {
      if (purpose === 'token-issuer') {
        if (issuer === undefined) throw new GatewayError('not-found')
        await issuer.keys.replace(now ? 'now' : 'soon')
      } else {
        if (now) throw new GatewayError('malformed-request')
        await keys.rotate(purpose)
      }
      recordRotation(options, purpose)
      await publish()
      return {
        keys: viewOf((known) => known.startsWith(purpose)),
        restart: readAtStart.has(purpose),
      }
    },
  }
}

/** One event in the journal: that there is a new key for this, and nothing of the key. */
export function recordRotation({ journal, clock }: JournalParts, purpose: RotatablePurpose): void {
  journal.record({
    schema: 1,
    kind: 'key.rotated',
    atMs: clock(),
    requestId: '',
    operation: '',
    direction: '',
    peer: '',
    suite: '',
    outcome: purpose,
    policies: [],
    fields: {},
  })
}

function keyView({ purpose, id, state, activeFromMs, expiresAtMs }: KeyListing) {
  return { purpose, id, state, activeFromMs, ...(expiresAtMs !== undefined && { expiresAtMs }) }
}

/** What is in hand since the start; the rest is looked up when it is used. */
const readAtStart: ReadonlySet<RotatablePurpose> = new Set<SecretPurpose & RotatablePurpose>([
  'franking-master',
  'report-handles',
  'limiter',
])
