import type { KeyObject } from 'node:crypto'
import {
  issueDocument,
  needsNewDocument,
  type RequirementsContent,
} from '../metadata/requirements/build.ts'
import type { SignedDocument } from '../metadata/requirements/signed-document.ts'
import type { Clock, Randomness } from '../model/clock.ts'
import type { ProviderDomain } from '../model/ids.ts'
import type { RequirementDocuments } from './requirement-documents.ts'

/** What our gateway publishes about itself. */
export interface OwnRequirements {
  /** The document in force. */
  current(): SignedDocument
  /** One that we published, by its digest. */
  find(digest: string): SignedDocument | undefined
  /** The newest last; at most 64. */
  history(): readonly SignedDocument[]
  /**
   * Publishes the next document where what we state has changed or time runs out, or in any case with
   * `renew`; durable once it resolves, to whether there is a new one.
   */
  publish(options?: { readonly renew?: boolean }): Promise<boolean>
}

export interface OwnRequirementsOptions {
  readonly provider: ProviderDomain
  readonly documents: RequirementDocuments
  /** What we state, from configuration and policies as they are now. */
  readonly content: () => Promise<RequirementsContent>
  /** Our private keys, the one to prefer first. */
  readonly signingKeys: () => readonly KeyObject[]
  /** How long a document counts. */
  readonly validMs: () => number
  readonly clock: Clock
  readonly randomness: Randomness
}

/** Opens the chain of our own documents and publishes the first one where there is none. */
export async function openOwnRequirements(
  options: OwnRequirementsOptions,
): Promise<OwnRequirements> {
  const { provider, documents } = options
  const latest = documents.latest(provider)
  const now = { document: latest, publishing: Promise.resolve(false) }
  const publish = async (renew: boolean): Promise<boolean> => {
    const next = await issueNext(options, now.document, renew)
    if (next === undefined) return false
    await documents.accept(provider, [next])
    now.document = next
    return true
  }
  await publish(false)
  return {
    current: () => {
      if (now.document === undefined) throw new TypeError('no document')
      return now.document
    },
    find: (digest) => documents.find(provider, digest),
    history: () => documents.chain(provider),
    publish: ({ renew = false } = {}) => {
      // One after the other: two documents with one predecessor would be an equivocation.
      const turn = now.publishing.then(
        () => publish(renew),
        () => publish(renew),
      )
      now.publishing = turn
      return turn
    },
  }
}

async function issueNext(
  options: OwnRequirementsOptions,
  latest: SignedDocument | undefined,
  renew: boolean,
): Promise<SignedDocument | undefined> {
  const { signingKeys, validMs, clock, randomness } = options
  const content = await options.content()
  const nowMs = clock()
  if (!renew && !needsNewDocument(content, latest, nowMs)) return undefined
  return issueDocument({
    content,
    latest,
    signingKeys: signingKeys(),
    nowMs,
    validMs: validMs(),
    randomness,
  })
}
