import { X509Certificate, createPrivateKey } from 'node:crypto'
import { access, readFile, stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import type { Config } from './settings/config.ts'
import { parseConfig, type Overrides } from './settings/parse.ts'
import { ConfigurationError, type ConfigProblem } from './settings/problems.ts'

export interface ConfigSource {
  /** The file to read; else `POSTERN_CONFIG`, else `postern.yaml` here if there is one. */
  readonly path?: string | undefined
  readonly env: Readonly<Record<string, string | undefined>>
}

/**
 * The configuration of this process: a file with overrides from the environment, or the embedded
 * default where there is no file. Throws `ConfigurationError` with everything that is wrong.
 */
export async function loadConfig({ path, env }: ConfigSource): Promise<Config> {
  const overrides: Overrides = {
    dataDirectory: absolute(env['POSTERN_DATA']),
    logLevel: env['POSTERN_LOG_LEVEL'],
  }
  const named = path ?? env['POSTERN_CONFIG']
  const file = resolve(named ?? DEFAULT_FILE)
  if (named === undefined && !(await exists(file)))
    return embeddedDefault(overrides.dataDirectory ?? resolve(DEFAULT_DATA), overrides)
  const config = parseConfig(file, await readText(file), overrides)
  const problems = await checkFiles(config)
  if (problems.length > 0) throw new ConfigurationError(file, problems)
  return config
}

/** The control socket that a server with this configuration has. Creates nothing. */
export async function controlSocketPath({ path, env }: ConfigSource): Promise<string> {
  if (path !== undefined || env['POSTERN_CONFIG'] !== undefined || (await exists(DEFAULT_FILE)))
    return (await loadConfig({ path, env })).listeners.admin.socket
  return resolve(absolute(env['POSTERN_DATA']) ?? DEFAULT_DATA, 'control.sock')
}

/**
 * A configuration that works on loopback without a file: provider `home.example`, the embedded
 * delivery service, and development certificates, which are created in the data directory when they
 * are missing or about to expire.
 */
export async function embeddedDefault(
  dataDirectory: string,
  overrides: Overrides = { dataDirectory: undefined, logLevel: undefined },
): Promise<Config> {
  const certificates = resolve(dataDirectory, 'certificates')
  const { createDevelopmentCertificates } = await import('./cli/development-certificates.ts')
  const { ca, providers } = await createDevelopmentCertificates({
    directory: certificates,
    domains: [EMBEDDED_DOMAIN],
    now: Date.now(),
  })
  const peers = { host: LOOPBACK, ...providers.get(EMBEDDED_DOMAIN), ca }
  const text = JSON.stringify({ provider: EMBEDDED_DOMAIN, listeners: { peers } })
  const config = parseConfig('embedded', text, { ...overrides, dataDirectory })
  return Object.freeze({ ...config, file: undefined })
}

/** What only a look at the files can tell: they exist, belong together and are for our domain. */
async function checkFiles(config: Config): Promise<ConfigProblem[]> {
  const { certificate, key, ca } = config.listeners.peers
  const ours = await readPem(certificate, (pem) => new X509Certificate(pem))
  const authority = await readPem(ca, (pem) => new X509Certificate(pem))
  const secret = await readPem(key, (pem) => createPrivateKey(pem))
  const checks: [wrong: boolean, path: string, expected: string][] = [
    [ours === undefined, 'certificate', 'expected a readable PEM certificate file'],
    [authority === undefined, 'ca', 'expected a readable PEM certificate file'],
    [secret === undefined, 'key', 'expected a readable PEM private key file'],
    [await othersMayRead(key), 'key', 'expected a file that others cannot read: mode 0600'],
  ]
  if (ours !== undefined)
    checks.push(
      [
        ours.checkHost(config.provider, { subject: 'never', wildcards: false }) === undefined,
        'certificate',
        'expected `provider` among the dNSName SANs of the certificate',
      ],
      [
        ours.validToDate.getTime() < Date.now(),
        'certificate',
        'expected a certificate that has not expired',
      ],
      [
        secret !== undefined && !ours.checkPrivateKey(secret),
        'key',
        'expected the private key of the certificate',
      ],
    )
  const problems = checks
    .filter(([wrong]) => wrong)
    .map(([, name, expected]) => ({ path: `listeners.peers.${name}`, line: undefined, expected }))
  const { policies } = config
  if (policies.kind === 'directory' && !(await exists(policies.path))) {
    const expected = 'expected the name of a profile or an existing directory'
    problems.push({ path: 'policies', line: undefined, expected })
  }
  return problems
}

async function othersMayRead(file: string): Promise<boolean> {
  return (await exists(file)) && ((await stat(file)).mode & 0o007) !== 0
}

async function readPem<T>(file: string, parse: (pem: Buffer) => T): Promise<T | undefined> {
  try {
    return parse(await readFile(file))
  } catch {
    return undefined
  }
}

async function readText(file: string): Promise<string> {
  try {
    if ((await stat(file)).size > FILE_BYTES_MAX) throw new RangeError('too large')
    return await readFile(file, 'utf8')
  } catch {
    const expected = `expected a readable file of at most ${FILE_BYTES_MAX} octets`
    throw new ConfigurationError(file, [{ path: '', line: undefined, expected }])
  }
}

async function exists(file: string): Promise<boolean> {
  try {
    await access(file)
    return true
  } catch {
    return false
  }
}

function absolute(path: string | undefined): string | undefined {
  return path === undefined || path === '' ? undefined : resolve(path)
}

const DEFAULT_FILE = 'postern.yaml'
const DEFAULT_DATA = 'data'
const EMBEDDED_DOMAIN = 'home.example'
const LOOPBACK = '127.0.0.1'
const FILE_BYTES_MAX = 1_048_576
