import type { Cast } from './cast.ts'
import { marksOf, type Scenario } from './scenario.ts'
import { fromInside, fromPeer } from './steps.ts'

/** proxyDownload: for a peer, and by way of another hub. */
export function assetScenarios(cast: Cast): readonly Scenario[] {
  return [fetched(cast), forwarded(cast)]
}

function fetched(cast: Cast): Scenario {
  const { names } = cast
  const request = marksOf(cast, 'request')
  const target = `https://${names.assetHost}/${request.word('asset', 'asset.url')}`
  const place = { operation: 'proxyDownload', target, body: NOTHING } as const
  const step = fromPeer(names.third, place, request)
  const hub = { operation: 'proxyDownload', room: undefined, asks: 'follower' } as const
  return {
    name: 'proxyDownload in',
    views: [
      { ...hub, direction: 'ingress', other: names.third, reads: 'hub' },
      { ...hub, direction: 'egress', other: names.peer, reads: 'target' },
    ],
    play: { steps: [step], assets: () => ({ status: 200, body: Buffer.from('sealed asset') }) },
    canaries: request.all,
  }
}

function forwarded(cast: Cast): Scenario {
  const { names } = cast
  const request = marksOf(cast, 'request')
  const target = `https://${names.assetHost}/${request.word('asset', 'asset.url')}`
  const place = { operation: 'proxyDownload', target, body: NOTHING } as const
  const step = fromInside(place, request)
  return {
    name: 'proxyDownload out',
    views: [
      {
        operation: 'proxyDownload',
        direction: 'egress',
        other: names.peer,
        room: undefined,
        reads: 'hub',
        asks: 'follower',
      },
    ],
    play: {
      steps: [{ ...step, headers: { ...step.headers, 'postern-hub': names.peer } }],
      peer: () => ({ status: 200, body: Buffer.from('sealed asset') }),
    },
    canaries: request.all,
  }
}

const NOTHING = Buffer.alloc(0)
