import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Randomness } from '../model/clock.ts'
import { GatewayError } from '../model/errors.ts'
import type { BudgetStanding, ListenerResponse, TellBudgets } from '../model/handle.ts'
import { InFlight } from './in-flight.ts'
import { sendAnswer, sendProblem, sendStreamed } from './reply.ts'
import { requestIds } from './request-id.ts'

/** Told of every fault that was answered with a problem: for counters, and to see what is behind an `internal`. */
export type OnFault = (fault: unknown, requestId: string) => void

export interface AnsweringOptions {
  readonly inFlightMax: number
  readonly randomness: Randomness | undefined
  readonly onFault: OnFault | undefined
}

/** Runs the work of one request and answers it: with what the work gives, or with the problem it throws. */
export class Answering {
  readonly nextId: () => string
  private readonly inFlight: InFlight
  private readonly onFault: OnFault | undefined

  constructor({ inFlightMax, randomness, onFault }: AnsweringOptions) {
    this.nextId = requestIds(randomness)
    this.inFlight = new InFlight(inFlightMax)
    this.onFault = onFault
  }

  /** Aborts when a drain gives up. */
  get signal(): AbortSignal {
    return this.inFlight.signal
  }

  /** Refuses new work with `draining`; resolves when the rest is answered or `signal` aborted it. */
  drain(signal: AbortSignal): Promise<void> {
    return this.inFlight.drain(signal)
  }

  async run(
    response: ServerResponse,
    requestId: string,
    work: (tellBudgets: TellBudgets) => Promise<ListenerResponse>,
  ): Promise<void> {
    const refusal = this.inFlight.enter()
    if (refusal !== undefined) {
      sendProblem(response, refusal)
      this.onFault?.(refusal, requestId)
      return
    }
    let budgets: readonly BudgetStanding[] | undefined
    try {
      const given = await work((standings) => {
        budgets = standings
      })
      const answer = withBudgets(given, budgets)
      if (answer.body === undefined) sendAnswer(response, answer)
      else await sendStreamed(response, answer, answer.body)
    } catch (fault) {
      sendProblem(response, fault, { budgets })
      this.onFault?.(fault, requestId)
    } finally {
      this.inFlight.leave()
    }
  }

  /** No route: `method-not-allowed` where the path has another method, else `not-found`. */
  refuseRoute(request: IncomingMessage, response: ServerResponse, allow: string | undefined): void {
    const fault = new GatewayError(allow === undefined ? 'not-found' : 'method-not-allowed')
    sendProblem(response, fault, { allow })
    this.onFault?.(fault, this.nextId())
    request.resume()
  }
}

function withBudgets(
  answer: ListenerResponse,
  budgets: readonly BudgetStanding[] | undefined,
): ListenerResponse {
  return budgets === undefined ? answer : { ...answer, headers: { ...answer.headers, budgets } }
}
