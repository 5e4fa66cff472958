import { readFileSync } from 'node:fs'

/** What a bare proxy is started with, as JSON in its first argument. */
export interface ProxyData {
  readonly port: number
  /** `http://host:port` */
  readonly upstream: string
  readonly certificate: string
  readonly key: string
  readonly ca: string
}

export function readProxyData(): ProxyData {
  return JSON.parse(process.argv[2] ?? '')
}

/** The same mutual TLS as Postern's listener for peers. */
export function tlsOptions({ certificate, key, ca }: ProxyData) {
  return {
    cert: readFileSync(certificate),
    key: readFileSync(key),
    ca: readFileSync(ca),
    requestCert: true,
    rejectUnauthorized: true,
    minVersion: 'TLSv1.3' as const,
    ALPNProtocols: ['http/1.1'],
    keepAliveTimeout: 65_000,
  }
}
