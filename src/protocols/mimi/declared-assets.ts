import { network, peerDomain, type DeclaredRow } from './declared-fields.ts'

/** proxyDownload. Its answer is the encrypted asset and shows no field. */
export const assetRows: readonly DeclaredRow[] = [
  {
    operation: 'proxyDownload',
    part: 'request',
    audience: 'hub',
    fields: [
      peerDomain,
      network,
      [
        'asset.url',
        'exact',
        'exact',
        'checked',
        'The hub cannot fetch an asset without its address; with it, it sees when some client of the provider reads it, and how long it is.',
      ],
    ],
  },
  {
    operation: 'proxyDownload',
    part: 'request',
    audience: 'target',
    fields: [
      [
        'provider.domain',
        'exact',
        'exact',
        'attested',
        'The connection comes from the network of the hub, without a certificate; nothing says which provider asked the hub.',
      ],
      [
        'sender.network',
        'absent',
        'absent',
        'edited',
        'The hub fetches by itself: nothing of the request that reached it is passed on.',
      ],
      [
        'asset.url',
        'exact',
        'exact',
        'checked',
        'Whoever hosts an asset learns that it is fetched, and when.',
      ],
    ],
  },
]
