import type { Plan } from '../metadata/plan.ts'
import type { Exchange } from '../model/exchange.ts'
import type { RequestContext } from '../model/handle.ts'
import type { Audience, FieldName, Form } from '../model/metadata.ts'
import type { SenderTier } from '../model/sender-tier.ts'
import type { PlanTable } from '../policy/plan-table.ts'
import type { PolicyRoom } from '../policy/slices.ts'
import type { PeerFacts } from '../policy/vocabulary.ts'

/** An exchange at the moment of a decision. */
export interface Circumstances {
  readonly exchange: Pick<Exchange, 'operation' | 'direction' | 'origin'>
  readonly context: Pick<RequestContext, 'requestId'>
  readonly decisions: PlanTable
  readonly peer: PeerFacts
  readonly room: PolicyRoom
}

export type Admission = ReturnType<PlanTable['admit']>

/** A request that does not fit the plan it was granted. */
export interface Misfit {
  readonly kind: 'refused'
  readonly part: 'request'
  readonly field: FieldName
  readonly reason:
    | { readonly kind: 'bytes'; readonly shown: Form }
    /** Its suite has this attested of a sender, and the sender's provider did not. */
    | { readonly kind: 'unattested' }
}

export type Disclosure = Plan | Misfit

export type Verdict =
  | { readonly path: 'admission'; readonly tier: SenderTier; readonly admission: Admission }
  | { readonly path: 'disclosure'; readonly audience: Audience; readonly disclosure: Disclosure }

/**
 * One decision by reference, until its record is made. INVARIANT: it holds nothing of the bytes of its
 * exchange, which would otherwise live as long as it.
 */
export interface Decision {
  /** Counts, from 1, the decisions that are to be logged: where a number is missing one was lost. */
  readonly number: number
  readonly atMs: number
  readonly requestId: string
  readonly operation: Exchange['operation']
  readonly direction: Exchange['direction']
  /** Whether our own delivery service handed the exchange in. */
  readonly local: boolean
  readonly decisions: PlanTable
  readonly peer: PeerFacts
  readonly room: PolicyRoom
  readonly verdict: Verdict
}
