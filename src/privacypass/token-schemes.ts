import type { Clock } from '../model/clock.ts'
import { blindRsaScheme } from './blind-rsa/scheme.ts'
import { createCpuShare } from './cpu-share.ts'
import { createTokenScheme, type TokenScheme } from './token-scheme.ts'
import type { TokenType } from './token-type.ts'

/** The schemes of the enabled types; the others are absent. */
export type TokenSchemes = Readonly<Partial<Record<TokenType, TokenScheme>>>

export interface TokenSchemesOptions {
  /** Type 0x0002 alone by default. */
  readonly enabledTypes?: readonly TokenType[]
  /** Both for the share of type 0x0001, see `createCpuShare`. */
  readonly clock: Clock
  readonly cpuMs: Clock
}

/**
 * Type 0x0002 is for everybody. Type 0x0005 is for an issuer's own tokens and follows a draft. Type 0x0001
 * is for issuers that know nothing else: it is slow, so it gets a twentieth of the CPU and no more.
 */
export function createTokenSchemes({
  enabledTypes = ['blindRsa2048'],
  clock,
  cpuMs,
}: TokenSchemesOptions): TokenSchemes {
  const create: Record<TokenType, () => TokenScheme> = {
    voprfP384: () =>
      createTokenScheme('voprfP384', createCpuShare({ ...P384_SHARE, clock, cpuMs })),
    blindRsa2048: () => blindRsaScheme,
    voprfRistretto255: () => createTokenScheme('voprfRistretto255'),
  }
  return Object.fromEntries(enabledTypes.map((tokenType) => [tokenType, create[tokenType]()]))
}

const P384_SHARE = { share: 0.05, burstMs: 50 }
