import { X509Certificate } from 'node:crypto'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { createDevelopmentCertificates } from '../../../src/cli/development-certificates.ts'
import { tempDir } from '../../support/temp-dir.ts'

const now = Date.UTC(2026, 0, 1)
const day = 86_400_000

test('each provider has a certificate of the authority with its domain as dNSName', async () => {
  const directory = join(tempDir(), 'certificates')
  const domains = ['a.example', 'b.example']
  const { ca, providers } = await createDevelopmentCertificates({ directory, domains, now })
  const authority = new X509Certificate(readFileSync(ca))
  for (const domain of domains) {
    const certificate = new X509Certificate(readFileSync(providers.get(domain)?.certificate ?? ''))
    expect(certificate.subjectAltName).toBe(`DNS:${domain}`)
    expect(certificate.checkIssued(authority)).toBe(true)
    expect(certificate.verify(authority.publicKey)).toBe(true)
    expect(certificate.publicKey.asymmetricKeyDetails).toEqual({ namedCurve: 'prime256v1' })
    expect(certificate.ca).toBe(false)
    expect(certificate.validToDate.getTime()).toBeGreaterThan(now)
  }
})

test('no file can be read by others', async () => {
  const directory = join(tempDir(), 'certificates')
  await createDevelopmentCertificates({ directory, domains: ['a.example'], now })
  const modes = readdirSync(directory).map((name) => statSync(join(directory, name)).mode & 0o777)
  expect(new Set(modes)).toEqual(new Set([0o600]))
  expect(statSync(directory).mode & 0o777).toBe(0o700)
})

test('what is valid is kept, what is missing is added, what expires is renewed', async () => {
  const directory = tempDir()
  const make = async (domains: string[], at: number) => {
    const { providers } = await createDevelopmentCertificates({ directory, domains, now: at })
    return domains.map((domain) => readFileSync(providers.get(domain)?.certificate ?? '', 'utf8'))
  }
  const [first] = await make(['a.example'], now)
  const [kept] = await make(['a.example', 'b.example'], now + day)
  expect(kept).toBe(first)
  const [renewed] = await make(['a.example'], now + 380 * day)
  expect(renewed).not.toBe(first)
  const authority = new X509Certificate(readFileSync(join(directory, 'ca.pem')))
  expect(new X509Certificate(renewed ?? '').verify(authority.publicKey)).toBe(true)
})

test('a domain that is none is refused before anything is written', async () => {
  const directory = tempDir()
  await expect(
    createDevelopmentCertificates({ directory, domains: ['../etc/passwd'], now }),
  ).rejects.toMatchObject({ code: 'invalid-domain' })
  expect(readdirSync(directory)).toEqual([])
})
