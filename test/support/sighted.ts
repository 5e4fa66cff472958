import { Eye, type Secrets } from '../../demo/eye.ts'
import type { Crossing } from '../../demo/recording.ts'
import { whoSawWhat, type Row } from '../../demo/who-saw-what.ts'
import type { TlsTap } from './tls-tap.ts'

/** A tap on the requests of one provider to another. */
export interface Tapped {
  readonly tap: TlsTap
  readonly from: string
  readonly to: string
}

/** What the called providers saw in these requests, by their bytes and nothing else. */
export function sightings(tapped: readonly Tapped[], secrets: Secrets): readonly Row[] {
  const crossings = tapped
    .flatMap(({ tap, from, to }) => tap.requests.map((request) => ({ ...request, from, to })))
    .map(({ start, headers, body, from, to }, index): Crossing => {
      const [method = '', path = ''] = start.split(' ')
      return {
        index,
        from,
        to,
        method,
        path,
        headers: [...headers].flat(),
        body,
        answer: undefined,
      }
    })
  return whoSawWhat(crossings, new Eye(secrets, crossings))
}

const OPERATION = /^POST \/(\w+)\//

export function operationsOf(tap: TlsTap): readonly string[] {
  return tap.requests.flatMap(({ start }) => OPERATION.exec(start)?.[1] ?? [])
}

export function agreementsOf(tap: TlsTap): readonly string[] {
  return tap.requests
    .filter(({ start }) => OPERATION.test(start))
    .map(({ headers }) => headers.get('mimi-metadata-agreement') ?? '')
}
