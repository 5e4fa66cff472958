import { z } from 'zod'
import { parseAssetHost } from '../model/asset-url.ts'
import { GatewayError } from '../model/errors.ts'
import { parseProviderDomain, type ProviderDomain } from '../model/ids.ts'

// Every message says what would be right; none repeats what was written, which may be a secret.

export const domainField = z.string(expected('a domain')).transform((text, context) => {
  const domain = domainOrUndefined(text)
  if (domain !== undefined) return domain
  context.issues.push({
    code: 'custom',
    input: text,
    message: 'expected a lower-case DNS name such as `a.example`',
  })
  return z.NEVER
})

/** A domain as the key of a map. */
export const domainKey = z.string().refine((text) => domainOrUndefined(text) !== undefined)

/** A path, relative to the configuration file's directory; `absolutePaths` makes it absolute. */
export const fileField = z.string(expected('a path')).min(1, 'expected a path').max(4_096)

/** 0 lets the system choose: useful in tests only. */
export const portField = integer({ min: 0, max: 65_535, what: 'a port' })

export const hostField = z
  .string(expected('an address'))
  .regex(/^[a-z0-9._:-]{1,253}$/i, 'expected an IP address or a host name')

/** `host:port` or `[address]:port`. */
export const addressField = z
  .string(expected('an address'))
  .regex(/^(\[[0-9a-f:.]{2,45}\]|[a-z0-9.-]{1,253}):\d{1,5}$/i, {
    error: 'expected `host:port`',
    abort: true,
  })
  .refine(
    (address) => Number(address.slice(address.lastIndexOf(':') + 1)) <= 65_535,
    'expected a port of at most 65535',
  )

/** DNS names; an IP address is none. */
export const assetDomainsField = z
  .array(
    z.string(expected('a host name')).transform((text, context) => {
      try {
        if (text === text.toLowerCase()) return parseAssetHost(text)
      } catch (error) {
        if (!(error instanceof GatewayError)) throw error
      }
      context.issues.push({ code: 'custom', input: text, message: NOT_AN_ASSET_HOST })
      return z.NEVER
    }),
    { error: 'expected a list of host names' },
  )
  .max(64, 'expected at most 64 host names')
  .default([])

export function integer({ min, max, what }: { min: number; max: number; what: string }) {
  const message = `expected ${what}, a whole number from ${min} to ${max}`
  return z.number({ error: message }).int(message).min(min, message).max(max, message)
}

export function oneOf<const Names extends readonly string[]>(names: Names) {
  return z.enum(names, { error: `expected one of ${names.join(', ')}` })
}

function expected(what: string): { error: (issue: { input: unknown }) => string } {
  return {
    error: ({ input }) => (input === undefined ? `required: ${what}` : `expected ${what}`),
  }
}

function domainOrUndefined(text: string): ProviderDomain | undefined {
  if (text !== text.toLowerCase()) return undefined
  try {
    return parseProviderDomain(text)
  } catch (error) {
    if (error instanceof GatewayError) return undefined
    throw error
  }
}

const NOT_AN_ASSET_HOST = 'expected a lower-case DNS name such as `assets.example`, no address'
