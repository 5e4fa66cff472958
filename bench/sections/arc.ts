import { randomBytes } from 'node:crypto'
import { requestArcCredential } from '../../src/privacypass/arc/arc-client.ts'
import { arcChallenge, arcCredential, arcScheme, arcToken } from '../../test/support/arc.ts'
import { atMost, quantile, report, type Section } from './section.ts'

const LIMITS = [2, 16, 256] as const
const RUNS = 120
const WARM_UP = 30

report(arcSection())

/** What anonymous rate-limited credentials cost a hub, and a client. CPU of one thread. */
function arcSection(): Section {
  const issued = measureIssuing()
  const shown = LIMITS.map((limit) => ({ limit, ...measureShowing(limit) }))
  const verified = (limit: (typeof LIMITS)[number]): number =>
    quantile(shown.find((one) => one.limit === limit)?.verified ?? [], 0.5)
  return {
    title: 'Anonymous rate-limited credentials (ARC), experimental',
    rows: [
      row('issuing a credential', issued),
      ...shown.map((one) => row(`verifying 1 of ${one.limit} presentations`, one.verified)),
      ...shown.map((one) => row(`making 1 of ${one.limit} presentations, at the client`, one.made)),
    ],
    bars: [
      atMost('issuing a credential', quantile(issued, 0.5), '10 ms'),
      atMost('verifying 1 of 2', verified(2), '5 ms'),
      atMost('verifying 1 of 16', verified(16), '9 ms'),
      atMost('verifying 1 of 256', verified(256), '20 ms'),
    ],
  }
}

function row(what: string, values: readonly number[]) {
  return { what, unit: 'ms', median: quantile(values, 0.5), p99: quantile(values, 0.99) } as const
}

function measureIssuing(): readonly number[] {
  const scheme = arcScheme(2)
  const { publicKey } = scheme
  const asked = { publicKey, challenge: arcChallenge(), randomness: randomBytes }
  const { request } = requestArcCredential(asked)
  return measure(() => {
    if (scheme.issue(request).kind !== 'issued') throw new Error('not issued')
  })
}

/** Each verification is of another token of one room, as in an epoch. */
function measureShowing(limit: number) {
  const scheme = arcScheme(limit)
  const challenge = arcChallenge()
  const expected = [{ challenge, context: undefined }]
  const tokens: Buffer[] = []
  let credential = arcCredential(scheme)
  const made = measure(
    () => tokens.push(arcToken(credential, challenge, limit)),
    (run) => {
      if ((run + 1) % limit === 0) credential = arcCredential(scheme)
    },
  )
  const verified = measure((run) => {
    const verdict = scheme.verify(scheme.parse(tokens[run] ?? Buffer.alloc(0)), expected)
    if (verdict.kind !== 'valid') throw new Error('not verified')
  })
  return { made, verified }
}

/** CPU in ms of each run but the first ones; `between` is not part of it. */
function measure(
  run: (number: number) => void,
  between: (number: number) => void = () => {},
): readonly number[] {
  const times: number[] = []
  for (let number = 0; number < WARM_UP + RUNS; number += 1) {
    const before = process.cpuUsage()
    run(number)
    const { user, system } = process.cpuUsage(before)
    between(number)
    if (number >= WARM_UP) times.push((user + system) / 1_000)
  }
  return times
}
