import { branded } from './brand.ts'
import { uriParts, type MimiUri, type ProviderDomain } from './ids.ts'

/**
 * The URI of a sender that is known for one room and one epoch only: `mimi://<provider>/u/e~<id>`, the
 * id in base64url. `id` has 16 octets. docs/pseudonymous-senders.md
 */
export function epochPseudonymUri(provider: ProviderDomain, id: Buffer): MimiUri {
  return branded<'MimiUri'>(`mimi://${provider}/u/${MARK}${id.toString('base64url')}`)
}

/** The 16 octets of such a URI's id; undefined for every other URI, and for another spelling of one. */
export function epochPseudonymId(uri: MimiUri): Buffer | undefined {
  const { domain, kind, id } = uriParts(uri)
  if (kind !== 'user' || !ID_PATTERN.test(id)) return undefined
  const octets = Buffer.from(id.slice(MARK.length), 'base64url')
  // Whoever has two names has two budgets.
  return epochPseudonymUri(domain, octets) === uri ? octets : undefined
}

/** Whether a URI is reserved for such senders: nobody may register it. */
export function isEpochPseudonymShaped(uri: MimiUri): boolean {
  const { kind, id } = uriParts(uri)
  return kind === 'user' && id.startsWith(MARK)
}

const MARK = 'e~'
const ID_PATTERN = /^e~[A-Za-z0-9_-]{22}$/
