// oxlint-disable-next-line import/no-unassigned-import -- @peculiar/x509 does not start without it
import 'reflect-metadata'
import { webcrypto } from 'node:crypto'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as x509 from '@peculiar/x509'
import { parseProviderDomain } from '../model/ids.ts'

export interface DevelopmentCertificates {
  /** PEM file of the development authority. */
  readonly ca: string
  /** Per domain: PEM files of its certificate (the authority's included) and of its private key. */
  readonly providers: ReadonlyMap<string, { readonly certificate: string; readonly key: string }>
}

export interface DevelopmentCertificatesOptions {
  readonly directory: string
  readonly domains: readonly string[]
  /** Milliseconds since the Unix epoch. */
  readonly now: number
}

/**
 * A development certificate authority and a certificate per provider domain (ECDSA P-256, the domain
 * as dNSName SAN), in files of mode 0600. What is there and valid for 30 more days is kept.
 * Not for production: the authority's key lies beside its certificate. Throws `invalid-domain`.
 */
export async function createDevelopmentCertificates({
  directory,
  domains,
  now,
}: DevelopmentCertificatesOptions): Promise<DevelopmentCertificates> {
  x509.cryptoProvider.set(webcrypto)
  const names = domains.map((domain) => parseProviderDomain(domain))
  await mkdir(directory, { recursive: true, mode: 0o700 })
  const authority = await openAuthority(directory, now)
  const providers = new Map<string, { certificate: string; key: string }>()
  for (const domain of names) {
    const files = {
      certificate: join(directory, `${domain}.pem`),
      key: join(directory, `${domain}.key`),
    }
    providers.set(domain, files)
    const current = await readCertificate(files.certificate)
    if (current?.issuer === authority.certificate.subject && staysValid(current, now)) continue
    const { pem, privateKey } = await issue(authority, domain, now)
    await writeSecret(files.key, privateKey)
    await writeSecret(files.certificate, `${pem}${pemOf(authority.certificate)}`)
  }
  return { ca: join(directory, 'ca.pem'), providers }
}

interface Authority {
  readonly certificate: x509.X509Certificate
  readonly privateKey: webcrypto.CryptoKey
}

async function openAuthority(directory: string, now: number): Promise<Authority> {
  const file = join(directory, 'ca.pem')
  const keyFile = join(directory, 'ca.key')
  const current = await readCertificate(file)
  if (current !== undefined && staysValid(current, now)) {
    const [der] = x509.PemConverter.decode(await readFile(keyFile, 'utf8'))
    if (der === undefined) throw new TypeError('the key file of the authority is empty')
    const privateKey = await webcrypto.subtle.importKey('pkcs8', der, ALGORITHM, true, ['sign'])
    return { certificate: current, privateKey }
  }
  const keys = await webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify'])
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    ...common(now),
    // The time keeps a renewed authority apart from the one before it.
    name: `CN=Postern development authority ${now}`,
    keys,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(
        x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign,
        true,
      ),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  })
  await writeSecret(keyFile, await privatePem(keys))
  await writeSecret(file, pemOf(certificate))
  return { certificate, privateKey: keys.privateKey }
}

async function issue(
  authority: Authority,
  domain: string,
  now: number,
): Promise<{ pem: string; privateKey: string }> {
  const keys = await webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify'])
  const usage = [x509.ExtendedKeyUsage.serverAuth, x509.ExtendedKeyUsage.clientAuth]
  const certificate = await x509.X509CertificateGenerator.create({
    ...common(now),
    issuer: authority.certificate.subject,
    publicKey: keys.publicKey,
    signingKey: authority.privateKey,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension(usage),
      // Critical, because the subject is empty (RFC 5280 §4.2.1.6).
      new x509.SubjectAlternativeNameExtension([{ type: 'dns', value: domain }], true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
      await x509.AuthorityKeyIdentifierExtension.create(authority.certificate),
    ],
  })
  return { pem: pemOf(certificate), privateKey: await privatePem(keys) }
}

function common(now: number) {
  return {
    notBefore: new Date(now - DAY_MS),
    notAfter: new Date(now + VALIDITY_MS),
    signingAlgorithm: ALGORITHM,
  }
}

async function readCertificate(file: string): Promise<x509.X509Certificate | undefined> {
  try {
    const [der] = x509.PemConverter.decode(await readFile(file, 'utf8'))
    return der === undefined ? undefined : new x509.X509Certificate(der)
  } catch {
    return undefined
  }
}

function staysValid(certificate: x509.X509Certificate, now: number): boolean {
  return certificate.notAfter.getTime() - now > RENEWAL_MS
}

function pemOf(certificate: x509.X509Certificate): string {
  return `${certificate.toString('pem')}\n`
}

async function privatePem(keys: webcrypto.CryptoKeyPair): Promise<string> {
  const der = await webcrypto.subtle.exportKey('pkcs8', keys.privateKey)
  return `${x509.PemConverter.encode(der, 'PRIVATE KEY')}\n`
}

async function writeSecret(file: string, text: string): Promise<void> {
  await writeFile(file, text, { mode: 0o600 })
}

const DAY_MS = 86_400_000
const VALIDITY_MS = 398 * DAY_MS
const RENEWAL_MS = 30 * DAY_MS
const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const
