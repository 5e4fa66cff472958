import { createPrivateKey, X509Certificate } from 'node:crypto'
import { createSecureContext, type PeerCertificate, type SecureContext } from 'node:tls'
import { GatewayError } from '../model/errors.ts'

/** A provider's own certificate chain and key, and the authorities it accepts, all in PEM. */
export interface TlsIdentity {
  readonly certificate: string | Buffer
  readonly key: string | Buffer
  readonly authorities: readonly (string | Buffer)[]
}

/** Whether `domain` is one of the certificate's dNSName SANs; neither wildcards nor the subject count. `RFC 9525 §6.3` */
export function provesDomain(certificate: X509Certificate, domain: string): boolean {
  return certificate.checkHost(domain, { subject: 'never', wildcards: false }) !== undefined
}

/**
 * TLS 1.3 with client and server authentication. Throws what OpenSSL says of bad material, and
 * `key-unavailable` where the key is not the certificate's.
 */
export function tlsContext(identity: TlsIdentity): SecureContext {
  const key = createPrivateKey(identity.key)
  if (!new X509Certificate(identity.certificate).checkPrivateKey(key))
    throw new GatewayError('key-unavailable')
  return createSecureContext(tlsContextOptions(identity))
}

export function tlsContextOptions({ certificate, key, authorities }: TlsIdentity) {
  return { cert: certificate, key, ca: [...authorities], minVersion: 'TLSv1.3' as const }
}

/** The server's certificate must prove the very domain that we asked for. */
export function checkPeerIdentity(domain: string, certificate: PeerCertificate): Error | undefined {
  if (certificate.raw !== undefined && provesDomain(new X509Certificate(certificate.raw), domain))
    return undefined
  return Object.assign(new Error('peer-not-authenticated'), {
    code: 'ERR_TLS_CERT_ALTNAME_INVALID',
  })
}
