import { EXTENSION_ERROR } from './evaluation-error.ts'
import type { IpAddress } from './values.ts'

/** An IPv4 or IPv6 address, or a range with a prefix. Throws `EXTENSION_ERROR`. */
export function parseIpAddress(text: string): IpAddress {
  if (text.length > TEXT_LENGTH_MAX) throw EXTENSION_ERROR
  const slash = text.indexOf('/')
  const host = slash < 0 ? text : text.slice(0, slash)
  const four = parseVersion4(host)
  const version = four === undefined ? 6 : 4
  const address = four ?? parseVersion6(host)
  if (address === undefined) throw EXTENSION_ERROR
  return { kind: 'ip', version, address, prefix: prefixOf(text, { slash, version }) }
}

export function isLoopback({ version, address, prefix }: IpAddress): boolean {
  return version === 4
    ? address >> 24n === 127n && prefix >= 8
    : address === 1n && prefix >= BITS[6]
}

export function isMulticast({ version, address, prefix }: IpAddress): boolean {
  return version === 4
    ? address >> 28n === 14n && prefix >= 4
    : address >> 120n === 255n && prefix >= 8
}

/** Whether every address of a range is in another; never across versions. */
export function isInRange(inner: IpAddress, outer: IpAddress): boolean {
  if (inner.version !== outer.version) return false
  const [first, last] = bounds(inner)
  const [outerFirst, outerLast] = bounds(outer)
  return outerFirst <= first && last <= outerLast
}

function bounds({ version, address, prefix }: IpAddress): readonly [bigint, bigint] {
  const hostBits = BigInt(BITS[version] - prefix)
  const first = (address >> hostBits) << hostBits
  return [first, first + (1n << hostBits) - 1n]
}

function prefixOf(
  text: string,
  { slash, version }: { readonly slash: number; readonly version: 4 | 6 },
): number {
  const max = BITS[version]
  if (slash < 0) return max
  const digits = text.slice(slash + 1)
  if (!/^(?:0|[1-9]\d{0,2})$/.test(digits) || Number(digits) > max) throw EXTENSION_ERROR
  return Number(digits)
}

function parseVersion4(text: string): bigint | undefined {
  const parts = text.split('.')
  if (parts.length !== 4) return undefined
  let address = 0n
  for (const part of parts) {
    if (!/^(?:0|[1-9]\d{0,2})$/.test(part) || Number(part) > 255) return undefined
    address = (address << 8n) | BigInt(part)
  }
  return address
}

function parseVersion6(text: string): bigint | undefined {
  const halves = text.split('::')
  const [head, tail] = [groupsOf(halves[0] ?? ''), groupsOf(halves[1] ?? '')]
  const missing = 8 - head.length - tail.length
  if (halves.length > 2 || (halves.length === 1 ? missing !== 0 : missing < 1)) return undefined
  let address = 0n
  for (const group of [...head, ...Array<string>(missing).fill('0'), ...tail]) {
    if (!/^[0-9a-fA-F]{1,4}$/.test(group)) return undefined
    address = (address << 16n) | BigInt(`0x${group}`)
  }
  return address
}

function groupsOf(text: string): readonly string[] {
  return text === '' ? [] : text.split(':')
}

const BITS = { 4: 32, 6: 128 } as const
/** Characters of the longest IPv6 range. */
const TEXT_LENGTH_MAX = 43
