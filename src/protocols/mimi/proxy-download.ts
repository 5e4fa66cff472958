import type { RawRequest } from '../../model/adapter.ts'
import { parseAssetUrl } from '../../model/asset-url.ts'
import type { ProxyDownloadExchange } from '../../model/exchange.ts'
import { exchangeBase } from './decode.ts'

/** The path names the asset, and there is no body. Throws `invalid-uri`. draft-ietf-mimi-protocol-06 §5.10.2 */
export function parseProxyDownload(request: RawRequest): ProxyDownloadExchange {
  return {
    ...exchangeBase(request),
    operation: 'proxyDownload',
    url: parseAssetUrl(request.target),
    hub: request.hub,
  }
}
