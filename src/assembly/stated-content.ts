import { createPublicKey } from 'node:crypto'
import type { KeyRing } from '../keys/key-files.ts'
import { requirementsContent, type RequirementsContent } from '../metadata/requirements/build.ts'
import { verificationKeyOf } from '../metadata/requirements/signing-keys.ts'
import type { Suite } from '../metadata/suite.ts'
import { knownSuites, type Suites } from '../metadata/suites.ts'
import { reportCategories } from '../reports/categories.ts'
import type { Config } from '../settings/config.ts'
import { retentionDays } from './retention.ts'

export interface StatedInput {
  readonly config: Config
  readonly keys: KeyRing
  readonly suites: Suites
  readonly servable: (suite: Suite, role: 'hub' | 'follower') => boolean
  /** The digests of our own issuer's keys; none where there is no issuer. */
  readonly tokens?: (() => RequirementsContent['tokens']) | undefined
}

/** What we state in our requirements document, from configuration and keys. */
export function statedContent({
  config,
  keys,
  suites,
  servable,
  tokens,
}: StatedInput): RequirementsContent {
  const { provider, requirements, rooms, privateSuites } = config
  return requirementsContent({
    provider,
    asHub: published(config, 'asHub', suites),
    asFollower: published(config, 'asFollower', suites),
    privateSuites,
    servable,
    keys: signers(keys),
    tokens: tokens?.() ?? [],
    reports: {
      categories: [...reportCategories],
      sealingKey: sealingKey(keys),
      acknowledgeHours: requirements.acknowledgeHours,
      decideHours: requirements.decideHours,
    },
    retention: retentionDays,
    regions: rooms.region === 'OTHER' ? [] : [rooms.region],
    protocolDrafts: [...protocolDrafts],
    contact: requirements.contact ?? null,
  })
}

/** The default list, and then what is offered to single providers: one document is for all of them. */
function published(
  { defaultSuites, peers }: Config,
  role: 'asHub' | 'asFollower',
  suites: Suites,
): readonly Suite[] {
  const codeOf = (name: string) => suites.suiteByName(name)?.code ?? 0
  const single = [...peers.values()].filter(({ allow }) => allow).flatMap((peer) => peer[role])
  const first = defaultSuites[role].map(codeOf)
  const others = single.map(codeOf).toSorted((a, b) => a - b)
  return knownSuites(suites, [...new Set([...first, ...others])])
}

function signers(keys: KeyRing) {
  const expired = new Set(
    keys
      .list()
      .filter(({ state }) => state === 'expired')
      .map(({ id }) => id),
  )
  return keys
    .all('requirements-signing')
    .filter(({ id }) => !expired.has(id))
    .slice(0, KEYS_MAX)
    .map(({ key }) => verificationKeyOf(key))
}

function sealingKey(keys: KeyRing) {
  const { id, key } = keys.active('report-sealing')
  const { x = '' } = createPublicKey(key).export({ format: 'jwk' })
  return { kty: 'OKP', crv: 'X25519', x, kid: id, use: 'enc' } as const
}

/** What our adapters speak. */
export const protocolDrafts = ['draft-ietf-mimi-protocol-06'] as const
const KEYS_MAX = 8
