import { branded, type Brand } from '../model/brand.ts'
import { GatewayError } from '../model/errors.ts'
import type { ProviderDomain } from '../model/ids.ts'

/** A string that says nothing about a person: only the functions here make one. */
export type SafeText = Brand<'SafeText'>

/** What a log line or a span may hold. A plain string does not type-check. */
export type LogSafe = SafeText | number | boolean
export type LogFacts = Readonly<Record<string, LogSafe | undefined>>

/** The code of a fault; what is no `GatewayError` is `internal`, whatever its message says. */
export function safeCode(fault: unknown): SafeText {
  return branded<'SafeText'>(fault instanceof GatewayError ? fault.code : 'internal')
}

/** A word that stands in the source, such as an operation or an outcome. */
export function safeWord<const Word extends string>(word: Literal<Word>): SafeText {
  return branded<'SafeText'>(word)
}

/** The domain of a provider, which runs a server and is no person. */
export function safeDomain(domain: ProviderDomain): SafeText {
  return branded<'SafeText'>(domain)
}

/** A name that we made ourselves (request, report, policy, key id); anything else is masked. */
export function safeId(id: string): SafeText {
  return branded<'SafeText'>(OWN_ID.test(id) ? id : 'masked')
}

/** Refuses the type `string`: what is known only at run time is no literal. */
export type Literal<Text extends string> = string extends Text ? never : Text

const OWN_ID = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/
