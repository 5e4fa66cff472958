import type { Clock } from '../model/clock.ts'
import { blindRsaScheme } from './blind-rsa/scheme.ts'
import { createCpuShare, type CpuShare } from './cpu-share.ts'
import { createTokenScheme, type TokenScheme } from './token-scheme.ts'
import type { TokenType } from './token-type.ts'

/** The schemes of the enabled types; the others are absent. */
export type TokenSchemes = Readonly<Partial<Record<TokenType, TokenScheme>>>

/** For the shares of types that have one, see `createCpuShare`. */
export interface CpuClocks {
  readonly clock: Clock
  readonly cpuMs: Clock
}

export interface TokenSchemesOptions extends CpuClocks {
  /** Type 0x0002 alone by default. */
  readonly enabledTypes?: readonly TokenType[]
}

/** The share that a type has of the thread it is worked on in; undefined for types without a bound. */
export function cpuShareOf(tokenType: TokenType, clocks: CpuClocks): CpuShare | undefined {
  return tokenType === 'voprfP384' ? createCpuShare({ ...P384_SHARE, ...clocks }) : undefined
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
  const create = (tokenType: TokenType): TokenScheme =>
    tokenType === 'blindRsa2048'
      ? blindRsaScheme
      : createTokenScheme(tokenType, cpuShareOf(tokenType, { clock, cpuMs }))
  return Object.fromEntries(enabledTypes.map((tokenType) => [tokenType, create(tokenType)]))
}

const P384_SHARE = { share: 0.05, burstMs: 50 }
