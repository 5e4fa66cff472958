import type { Suites } from '../metadata/suites.ts'
import type { Clock } from '../model/clock.ts'
import { GatewayError } from '../model/errors.ts'
import { parseProviderDomain, type ProviderDomain } from '../model/ids.ts'
import type { AgreementBook } from '../peers/agreement-book.ts'
import type { HeldAgreement, Role } from '../peers/agreement-store.ts'
import type { Discovery } from '../peers/discovery.ts'
import { fetchRequirements, type FetchDocument } from '../peers/fetch-document.ts'
import type { OwnRequirements } from '../peers/own-requirements.ts'
import type { PeerTable } from '../peers/peer-table.ts'
import type { RequirementDocuments } from '../peers/requirement-documents.ts'
import type { AgreementView, Check, PeerList, RequirementsHandlers } from './requirements-api.ts'

export interface RequirementsHandlersOptions {
  readonly own: OwnRequirements
  readonly documents: RequirementDocuments
  readonly book: AgreementBook
  readonly discovery: Discovery
  readonly peers: PeerTable
  readonly suites: Suites
  readonly fetch: FetchDocument
  readonly publish: (options: { readonly renew: boolean }) => Promise<boolean>
  readonly clock: Clock
}

/** What the control socket shows and does about requirements, peers and agreements. */
export function createRequirementsHandlers(
  options: RequirementsHandlersOptions,
): RequirementsHandlers {
  const { own, book, discovery, publish } = options
  const view = (held: HeldAgreement) => agreementView(options, held)
  return {
    own: () => ({ jws: own.current().jws }),
    publish: async (how) => ({ published: await publish(how), jws: own.current().jws }),
    history: () => ({ documents: own.history().map(({ jws }) => jws) }),
    check: (provider) => check(options, parseProviderDomain(provider)),
    listPeers: () => peerList(options),
    refreshPeers: async () => {
      await discovery.refreshAll(options.peers.allowed())
      return peerList(options)
    },
    forgetPeer: async (domain) => {
      const peer = parseProviderDomain(domain)
      if (options.peers.find(peer) === undefined) throw new GatewayError('not-found')
      await discovery.forget(peer)
      return peerList(options)
    },
    listAgreements: () => ({ agreements: book.list().map(view) }),
    approve: async (id) => view(await book.approve(id)),
    reject: async (id) => view(await book.reject(id)),
  }
}

async function check(
  { fetch, documents, clock }: RequirementsHandlersOptions,
  peer: ProviderDomain,
): Promise<Check> {
  const held = documents.chain(peer)
  const fetched = await fetchRequirements(fetch, { peer, held, nowMs: clock() })
  const jws = held.at(-1)?.jws
  const known = jws === undefined ? {} : { jws }
  switch (fetched.kind) {
    case 'no-document':
      return { verdict: 'no-document', ...known }
    case 'malformed':
      return { verdict: fetched.reason, ...known }
    case 'unreachable':
      return { verdict: fetched.code, ...known }
    case 'judged': {
      const newest = fetched.links.at(-1)?.jws
      const { kind } = fetched.verdict
      return newest === undefined ? { verdict: kind, ...known } : { verdict: kind, jws: newest }
    }
  }
}

function peerList(options: RequirementsHandlersOptions): PeerList {
  const { peers, documents, discovery, book } = options
  const agreements = book.list()
  return {
    peers: peers.all().map(({ domain, allow }) => {
      const latest = documents.latest(domain)
      const standing = discovery.standing(domain)
      return {
        domain,
        allowed: allow,
        ...(latest !== undefined && {
          document: {
            seq: latest.document.seq,
            digest: latest.digest,
            expiresAtMs: latest.document.expiresAt * 1_000,
          },
        }),
        evidence: documents.evidence(domain).length,
        ...(standing !== undefined && {
          checkedAtMs: standing.checkedAtMs,
          outcome: standing.outcome,
          ...(standing.reason !== undefined && { reason: standing.reason }),
        }),
        agreements: agreements
          .filter(({ peer }) => peer === domain)
          .map((held) => agreementView(options, held)),
        apartAs: ROLES.filter((role) => book.nearest(domain, role) !== undefined),
      }
    }),
  }
}

function agreementView(
  { suites }: RequirementsHandlersOptions,
  held: HeldAgreement,
): AgreementView {
  const { id, peer, role, state, change, madeAtMs, expiresAt } = held
  return {
    id,
    peer,
    role,
    state,
    change,
    suites: held.suites.map((code) => suites.suiteByCode(code)?.name ?? `0x${code.toString(16)}`),
    madeAtMs,
    expiresAtMs: expiresAt * 1_000,
  }
}

const ROLES = ['hub', 'follower'] as const satisfies readonly Role[]
