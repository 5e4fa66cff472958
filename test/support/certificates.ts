// oxlint-disable-next-line import/no-unassigned-import -- @peculiar/x509 does not start without it
import 'reflect-metadata'
import { webcrypto } from 'node:crypto'
import {
  X509CertificateGenerator,
  BasicConstraintsExtension,
  PemConverter,
  SubjectAlternativeNameExtension,
  cryptoProvider,
  type JsonGeneralNames,
} from '@peculiar/x509'
import type { TlsIdentity } from '../../src/delivery/tls-identity.ts'

export interface CertificateRequest {
  readonly names?: readonly string[]
  readonly subject?: string
  readonly notAfter?: Date
}

/** A certificate authority for one test file. */
export interface Authority {
  readonly pem: string
  /** A certificate and key for `names`, trusting this authority. */
  issue(request: CertificateRequest): Promise<TlsIdentity>
}

export async function createAuthority(): Promise<Authority> {
  const keys = await generateKeys()
  const certificate = await X509CertificateGenerator.createSelfSigned({
    name: 'CN=Test authority',
    notBefore: NOT_BEFORE,
    notAfter: NOT_AFTER,
    keys,
    signingAlgorithm: SIGNING,
    extensions: [new BasicConstraintsExtension(true, 0, true)],
  })
  const pem = certificate.toString('pem')
  return { pem, issue: (request) => issue(request, { pem, issuer: certificate.subject, keys }) }
}

async function issue(
  { names = [], subject = 'CN=test', notAfter = NOT_AFTER }: CertificateRequest,
  authority: { pem: string; issuer: string; keys: CryptoKeyPair },
): Promise<TlsIdentity> {
  const keys = await generateKeys()
  const alternatives: JsonGeneralNames = names.map((value) => ({ type: 'dns', value }))
  const certificate = await X509CertificateGenerator.create({
    subject,
    issuer: authority.issuer,
    notBefore: NOT_BEFORE,
    notAfter,
    publicKey: keys.publicKey,
    signingKey: authority.keys.privateKey,
    signingAlgorithm: SIGNING,
    extensions: names.length === 0 ? [] : [new SubjectAlternativeNameExtension(alternatives)],
  })
  const key = await webcrypto.subtle.exportKey('pkcs8', keys.privateKey)
  return {
    certificate: certificate.toString('pem'),
    key: PemConverter.encode(key, 'PRIVATE KEY'),
    authorities: [authority.pem],
  }
}

function generateKeys() {
  return webcrypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, [
    'sign',
    'verify',
  ])
}

cryptoProvider.set(webcrypto)
type CryptoKeyPair = Awaited<ReturnType<typeof generateKeys>>
const SIGNING = { name: 'ECDSA', hash: 'SHA-256' }
const NOT_BEFORE = new Date('2020-01-01T00:00:00Z')
const NOT_AFTER = new Date('2120-01-01T00:00:00Z')
