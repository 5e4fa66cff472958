import type { CredentialDesk } from '../listener/token-desks.ts'
import type { Clock } from '../model/clock.ts'
import type { PipelineParts } from '../pipeline/parts.ts'
import type { ArcCredentials } from '../senders/arc-credentials.ts'
import { requireTaken, served } from './pseudonym-desk.ts'

export interface CredentialDeskOptions {
  readonly parts: Pick<PipelineParts, 'peers' | 'limiter'>
  readonly arc: ArcCredentials
  readonly clock: Clock
}

/** Credentials for users of ours and of the peers that we serve. docs/arc.md */
export function createCredentialDesk({ parts, arc, clock }: CredentialDeskOptions): CredentialDesk {
  return {
    offers: async (name) => arc.orders(served(parts, name)),
    issue: async ({ provider: name, token, request }) => {
      const provider = served(parts, name)
      const takeVerification = async () =>
        requireTaken(await parts.limiter.mayVerify({ kind: 'clients' }, clock()))
      const takeAdmission = async () =>
        requireTaken(await parts.limiter.mayAdmit({ provider }, clock()))
      return arc.issue({ provider, token, request, takeVerification, takeAdmission })
    },
  }
}
