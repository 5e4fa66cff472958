import { createPenalties } from '../issuer/penalties.ts'
import { epochPseudonymId } from '../model/epoch-pseudonym.ts'
import type { DeniedPlace, HomeOfSenders, HubOfStrikes } from '../notices/ports.ts'
import { epochSeconds } from '../privacypass/pseudonym-epoch.ts'
import type { PseudonymPlace } from '../senders/certificate-store.ts'
import { submissionTag } from '../senders/submit-log.ts'
import type { Config } from '../settings/config.ts'
import type { Store } from '../sqlite/store.ts'
import type { Senders } from './senders.ts'

export interface StrikePortsOptions {
  readonly config: Config
  readonly store: Store
  readonly unnamed: Pick<Senders, 'parts' | 'submitLog' | 'standing'>
}

/** What strikes do to senders that nobody names: at their own provider, and at the hub. */
export function strikePorts({ config, store, unnamed }: StrikePortsOptions): {
  readonly home: HomeOfSenders | undefined
  readonly hub: HubOfStrikes
} {
  const { parts, standing } = unnamed
  return {
    // Without an issuer there is no quota that could be lowered.
    home: config.issuer.enabled ? homeOfSenders(store, unnamed) : undefined,
    hub: {
      deny: async (place) => {
        await Promise.all(placesOf(place).map((each) => parts.senders.deny(each)))
      },
      allow: async (place) => {
        await Promise.all(placesOf(place).map((each) => parts.senders.allow(each)))
      },
      struck: (strike, also) => standing.struck(strike, also),
    },
  }
}

/** It lives on one day, and near midnight a message may be of the day before or after. */
function placesOf({ room, pseudonym, epochStart }: DeniedPlace): readonly PseudonymPlace[] {
  const id = epochPseudonymId(pseudonym)
  // Another participant is banned, not denied.
  if (id === undefined) return []
  return [-1, 0, 1].map((days) => ({
    room,
    epochStart: epochStart + days * epochSeconds,
    pseudonym: id,
  }))
}

function homeOfSenders(store: Store, { submitLog }: Pick<Senders, 'submitLog'>): HomeOfSenders {
  const penalties = createPenalties(store)
  return {
    submitterOf: (frankingTag, hub) => submitLog.find(submissionTag({ hub, frankingTag })),
    penalise: async ({ account, strike, atMs, severity }) => {
      await penalties.record({ handle: account, strike, atMs, halvings: HALVINGS[severity] })
    },
    pardon: (strike) => penalties.remove(strike),
  }
}

/** How often a strike halves the account's batches. */
const HALVINGS = { low: 1, medium: 2, high: 3 } as const
