import type { Cast } from './cast.ts'
import type { Pair } from './interference.ts'
import type { Play, Step } from './play.ts'
import { marksOf, type Scenario, type View } from './scenario.ts'

/** From where a request comes, and which provider wants an asset. */
export function networkPairs(cast: Cast, scenarios: readonly Scenario[]): readonly Pair[] {
  return [...scenarios.map((scenario) => elsewhere(cast, scenario)), assetPair(cast)]
}

/** The same scenario with other headers of its network. */
function elsewhere(cast: Cast, { name, views, play, open }: Scenario): Pair {
  const headers = marksOf(cast, 'request')
  const moved = (step: Step): Step => {
    const other = Object.keys(step.headers ?? {}).map((header) => {
      const kept = header.startsWith('postern-') ? step.headers?.[header] : undefined
      return [header, kept ?? headers.word(header, 'sender.network')] as const
    })
    return { ...step, headers: Object.fromEntries(other) }
  }
  return {
    name: `${name}: from one network or another`,
    field: 'sender.network',
    part: 'request',
    alikeUpTo: 'absent',
    views,
    left: play,
    right: { ...play, steps: play.steps.map(moved) },
    ...(open !== undefined && { open }),
  }
}

/** The host of an asset does not learn which provider asked us for it. */
function assetPair(cast: Cast): Pair {
  const { names, maker } = cast
  const target = `https://${names.assetHost}/${maker.word('asset')}`
  const asked = (domain: string): Play => ({
    steps: [{ from: 'peer', domain, operation: 'proxyDownload', target, body: Buffer.alloc(0) }],
    assets: () => ({ status: 200, body: Buffer.from('sealed asset') }),
  })
  const view: View = {
    operation: 'proxyDownload',
    direction: 'egress',
    other: names.peer,
    room: undefined,
    reads: 'target',
    asks: 'hub',
  }
  return {
    name: 'proxyDownload: for one provider or another',
    field: 'provider.domain',
    part: 'request',
    alikeUpTo: 'absent',
    views: [view],
    left: asked(names.peer),
    right: asked(names.third),
    only: [],
    always: ['asset host', 'log', 'metrics'],
  }
}
