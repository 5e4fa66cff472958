/**
 * A second implementation of docs/negotiation.md, written from that page and its schema alone, to
 * check the first one. It shares no code with it, so both can only agree by way of the page.
 */
import { createHash } from 'node:crypto'

/** Section 5, step 5: what two providers have agreed on for the rooms of the first. */
interface SecondAgreement {
  readonly hub: string
  readonly follower: string
  readonly suites: readonly number[]
  readonly hubDocument: string
  readonly followerDocument: string
  readonly id: string
  readonly expiresAt: number
}

/** What `negotiate` finds (section 5). */
type SecondOutcome =
  | { readonly kind: 'agreed'; readonly agreement: SecondAgreement }
  | { readonly kind: 'no-common-suite' }

/** What `chooseForRoom` finds (section 6). */
type SecondChoice =
  { readonly kind: 'chosen'; readonly suite: number } | { readonly kind: 'no-common-suite' }

/** Section 3: a private-use suite; only its code is looked at, the rest is compared as octets. */
interface Table {
  readonly code: number
}

/** Section 3: the members of a document that a negotiation reads by name. */
interface Requirements {
  readonly provider: string
  readonly expiresAt: number
  readonly asHub: readonly number[]
  readonly asFollower: readonly number[]
  readonly suites: readonly Table[]
}

/** The caller has validated the document against the schema, which is what the cast rests on. */
const read = (document: object): Requirements => document as Requirements

/** Section 1: orders names by their UTF-16 code units, which is how `<` compares texts. */
function byCodeUnits([one]: readonly [string, unknown], [other]: readonly [string, unknown]) {
  if (one === other) return 0
  return one < other ? -1 : 1
}

/** Section 1: a number is its decimal digits; any other number than a whole one is no document. */
function canonicalNumber(value: number): string {
  if (!Number.isSafeInteger(value) || value < 0) throw new TypeError(`no whole number: ${value}`)
  return value.toFixed(0)
}

/** Section 1: texts in shortest escapes, which RFC 8785 §3.2.2.2 takes from ECMAScript. */
function canonicalText(value: string): string {
  if (!value.isWellFormed()) throw new TypeError('lone surrogate')
  return JSON.stringify(value)
}

/** Section 1: members sorted; `null` is written, an absent member is not. */
function canonicalObject(value: object): string {
  const members = Object.entries(value)
    .filter(([, member]) => member !== undefined)
    .toSorted(byCodeUnits)
    .map(([name, member]) => `${canonicalText(name)}:${canonical(member)}`)
  return `{${members.join(',')}}`
}

/** Section 1: the canonical JSON of whatever a document may hold. */
function canonical(value: unknown): string {
  if (value === null || typeof value === 'boolean') return String(value)
  if (typeof value === 'number') return canonicalNumber(value)
  if (typeof value === 'string') return canonicalText(value)
  if (Array.isArray(value)) return `[${value.map((item) => canonical(item)).join(',')}]`
  if (typeof value === 'object') return canonicalObject(value)
  throw new TypeError(`not in a document: ${typeof value}`)
}

/** Section 1: SHA-256 over the octets of the canonical JSON, base64url without padding. */
const digest = (value: object): string =>
  createHash('sha256').update(canonical(value), 'utf8').digest('base64url')

/** Section 2: `(code & 0x0F0F) == 0x0A0A`. */
const isGrease = (code: number): boolean => (code & 0x0f0f) === 0x0a0a

/** Section 2: the four suites whose tables everybody has. */
const isBuiltIn = (code: number): boolean => code >= 1 && code <= 4

/** Section 5, step 2: the table of a private-use code, as canonical JSON without `summary`. */
function tableOf(document: Requirements, code: number): string | undefined {
  const suite = document.suites.find((candidate) => candidate.code === code)
  if (suite === undefined) return undefined
  const members = Object.entries(suite).filter(([name]) => name !== 'summary')
  return canonical(Object.fromEntries(members))
}

/** Section 5, step 1: built in or with a table of the document's own; GREASE never (section 2). */
function isUsable(document: Requirements, code: number): boolean {
  if (isBuiltIn(code)) return true
  return !isGrease(code) && document.suites.some((suite) => suite.code === code)
}

/** Section 5, step 3: the usable codes of the hub's list that the follower has as well. */
function commonSuites(hub: Requirements, follower: Requirements): readonly number[] {
  const accepted = new Set(follower.asFollower.filter((code) => isUsable(follower, code)))
  return hub.asHub
    .filter((code) => isUsable(hub, code) && accepted.has(code))
    .filter((code) => isBuiltIn(code) || tableOf(hub, code) === tableOf(follower, code))
}

/** Section 5: what holds in rooms of the hub with participants of the follower. */
export function negotiate(hub: object, follower: object): SecondOutcome {
  const ordering = read(hub)
  const following = read(follower)
  const suites = commonSuites(ordering, following)
  if (suites.length === 0) return { kind: 'no-common-suite' }
  const named = {
    hub: ordering.provider,
    follower: following.provider,
    suites,
    hubDocument: digest(hub),
    followerDocument: digest(follower),
  }
  const expiresAt = Math.min(ordering.expiresAt, following.expiresAt)
  return { kind: 'agreed', agreement: { ...named, id: digest(named), expiresAt } }
}

/** Section 5, as section 6 uses it: the agreed suites, none where there is no agreement. */
function agreedSuites(hub: object, participant: object): ReadonlySet<number> {
  const outcome = negotiate(hub, participant)
  return new Set(outcome.kind === 'agreed' ? outcome.agreement.suites : [])
}

/** Section 6: the first usable code of the hub that is agreed on with every participant. */
export function chooseForRoom(hub: object, participants: readonly object[]): SecondChoice {
  const ordering = read(hub)
  const agreed = participants.map((participant) => agreedSuites(hub, participant))
  const suite = ordering.asHub
    .filter((code) => isUsable(ordering, code))
    .find((code) => agreed.every((suites) => suites.has(code)))
  return suite === undefined ? { kind: 'no-common-suite' } : { kind: 'chosen', suite }
}
