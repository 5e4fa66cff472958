import { readFile } from 'node:fs/promises'
import { AssetProxy, type AssetHome, type AssetHomes } from '../delivery/asset-proxy.ts'
import type { AssetHost } from '../model/asset-url.ts'
import type { Config } from '../settings/config.ts'

/** The fetcher of assets, for the hosts that the configuration names. */
export async function openAssetProxy(config: Config): Promise<AssetProxy> {
  const { assetAuthorities, limits } = config
  return new AssetProxy({
    homes: assetHomes(config),
    authorities: assetAuthorities === undefined ? undefined : [await readFile(assetAuthorities)],
    limits: limits.assets,
  })
}

/** The hosts that keep assets of ours and of the providers that are served. */
export function assetHomes(config: Config): AssetHomes {
  const providers = [
    { ...config, domain: config.provider },
    ...[...config.peers.values()].filter(({ allow }) => allow),
  ]
  return new Map(
    providers.flatMap(({ domain, assetDomains, assetAddress }) =>
      assetDomains.map((host): [AssetHost, AssetHome] => [
        host,
        { provider: domain, address: assetAddress },
      ]),
    ),
  )
}
