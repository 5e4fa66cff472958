import type { ExportDesk } from '../exports/export-desk.ts'
import type { Feeds } from '../feeds/feeds.ts'
import type { PeersListener } from '../listener/peers-listener.ts'
import type { PipelineParts } from '../pipeline/parts.ts'
import type { BundleLedger } from '../policy/bundle-ledger.ts'
import type { Config } from '../settings/config.ts'
import { needsRestart } from '../settings/restart.ts'
import type { Log } from '../signals/log.ts'
import { assetHomes } from './asset-proxy.ts'
import { feedSpecs, type FeedsParts } from './feeds.ts'
import { moderationOf } from './case-desk.ts'
import { exportSettingsOf } from './exports.ts'
import { limitSettings } from './limiter.ts'
import { peerProfiles } from './peer-profiles.ts'
import { readTlsIdentity } from './pipeline-parts.ts'
import { policiesChanged, readPolicySets, type PolicySets } from './policy-source.ts'
import type { Requirements } from './requirements.ts'

export interface ReloadParts extends Pick<
  FeedsParts,
  'keys' | 'store' | 'version' | 'clock' | 'randomness'
> {
  readonly before: Config
  readonly next: Config
  readonly parts: PipelineParts
  readonly requirements: Requirements
  readonly exports: Pick<ExportDesk, 'reconfigure'>
  readonly peers: PeersListener
  readonly ledger: BundleLedger
  readonly feeds: Feeds
  readonly log: Log
}

/**
 * Puts a new configuration in force: everything that can fail comes first, so a bad one changes
 * nothing. Resolves to what needs a restart. Throws `policy-invalid`, `configuration-invalid`.
 */
export async function applyReload(reload: ReloadParts): Promise<readonly string[]> {
  const { before, next, parts, requirements, exports, peers, log } = reload
  const identity = await readTlsIdentity(next)
  const specs = await feedSpecs(reload, next)
  // Last: a signed revision counts as taken from here on.
  const { set, shadow } = await readNewest(reload)
  const settings = limitSettings(next)
  peers.renew(identity)
  const isNew = parts.policies.current().engine !== set.engine
  parts.policies.swap(set, shadow)
  if (isNew) policiesChanged({ ...parts, log }, 'loaded', set)
  parts.peers.replace(peerProfiles(next))
  parts.assets.allow(assetHomes(next))
  parts.limiter.renew(settings)
  parts.cases.reconfigure(moderationOf(next.moderation))
  exports.reconfigure(exportSettingsOf(next.moderation))
  log.level(next.log.level)
  await reload.feeds.configure(specs)
  await parts.peerClients.renew(identity)
  await requirements.reconfigure(next)
  return needsRestart(before, next)
}

/** The policies of the new configuration; that they were refused stays known. */
async function readNewest({ next, parts, ledger }: ReloadParts): Promise<PolicySets> {
  const { policies, clock, metrics } = parts
  const known = [...policies.sets(), policies.shadow()].filter((set) => set !== undefined)
  try {
    return await readPolicySets(next, { clock, ledger, known })
  } catch (error) {
    policies.refuse()
    metrics.policiesRefused()
    throw error
  }
}
