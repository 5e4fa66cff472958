import { TYPE_ERROR } from './evaluation-error.ts'
import { isInRange, isLoopback, isMulticast, parseIpAddress } from './ip-address.ts'
import { longOf } from './longs.ts'
import { parseDatetime, parseDecimal, parseDuration } from './quantities.ts'
import type { CedarValue, IpAddress, Long, Quantity } from './values.ts'

export interface ExtensionFunction {
  readonly arity: 1 | 2
  readonly call: (first: CedarValue, second: CedarValue) => CedarValue
}

/** A function of an extension type by its name in Cedar; undefined for any other name. */
export function extensionFunction(name: string): ExtensionFunction | undefined {
  return functions.get(name)
}

const unary = (call: (value: CedarValue) => CedarValue): ExtensionFunction => ({ arity: 1, call })
const binary = (call: ExtensionFunction['call']): ExtensionFunction => ({ arity: 2, call })
const wholeUnits = (unitMs: bigint): ExtensionFunction =>
  unary((value) => longOf(BigInt(amountOf(value, 'duration')) / unitMs))

const functions: ReadonlyMap<string, ExtensionFunction> = new Map(
  Object.entries({
    decimal: unary((value) => parseDecimal(textOf(value))),
    duration: unary((value) => parseDuration(textOf(value))),
    datetime: unary((value) => parseDatetime(textOf(value))),
    ip: unary((value) => parseIpAddress(textOf(value))),
    lessThan: binary((a, b) => amountOf(a, 'decimal') < amountOf(b, 'decimal')),
    lessThanOrEqual: binary((a, b) => amountOf(a, 'decimal') <= amountOf(b, 'decimal')),
    greaterThan: binary((a, b) => amountOf(a, 'decimal') > amountOf(b, 'decimal')),
    greaterThanOrEqual: binary((a, b) => amountOf(a, 'decimal') >= amountOf(b, 'decimal')),
    isIpv4: unary((value) => addressOf(value).version === 4),
    isIpv6: unary((value) => addressOf(value).version === 6),
    isLoopback: unary((value) => isLoopback(addressOf(value))),
    isMulticast: unary((value) => isMulticast(addressOf(value))),
    isInRange: binary((a, b) => isInRange(addressOf(a), addressOf(b))),
    offset: binary((a, b) => {
      const sum = BigInt(amountOf(a, 'datetime')) + BigInt(amountOf(b, 'duration'))
      return { kind: 'datetime', amount: longOf(sum) }
    }),
    durationSince: binary((a, b) => {
      const difference = BigInt(amountOf(a, 'datetime')) - BigInt(amountOf(b, 'datetime'))
      return { kind: 'duration', amount: longOf(difference) }
    }),
    toDate: unary((value) => {
      const time = BigInt(amountOf(value, 'datetime'))
      return { kind: 'datetime', amount: longOf(time - sinceMidnight(time)) }
    }),
    toTime: unary((value) => {
      const time = BigInt(amountOf(value, 'datetime'))
      return { kind: 'duration', amount: longOf(sinceMidnight(time)) }
    }),
    toMilliseconds: unary((value) => amountOf(value, 'duration')),
    toSeconds: wholeUnits(1_000n),
    toMinutes: wholeUnits(60_000n),
    toHours: wholeUnits(3_600_000n),
    toDays: wholeUnits(86_400_000n),
  }),
)

function textOf(value: CedarValue): string {
  if (typeof value !== 'string') throw TYPE_ERROR
  return value
}

function amountOf(value: CedarValue, kind: Quantity['kind']): Long {
  if (typeof value !== 'object' || value.kind !== kind) throw TYPE_ERROR
  return value.amount
}

function addressOf(value: CedarValue): IpAddress {
  if (typeof value !== 'object' || value.kind !== 'ip') throw TYPE_ERROR
  return value
}

function sinceMidnight(timeMs: bigint): bigint {
  const rest = timeMs % DAY_MS
  return rest < 0n ? rest + DAY_MS : rest
}

const DAY_MS = 86_400_000n
