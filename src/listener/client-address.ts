import type { IncomingMessage } from 'node:http'
import { isIPv4, isIPv6 } from 'node:net'
import { GatewayError } from '../model/errors.ts'

/**
 * Whose request it is, for limits only: an IPv4 address, or the 64 bits of an IPv6 network. With
 * `forwardedFor` it is the last entry of `X-Forwarded-For`, which the front end wrote; entries before
 * it are the client's own words.
 */
export function clientAddress(request: IncomingMessage, forwardedFor: boolean): string {
  const forwarded = forwardedFor ? request.headers['x-forwarded-for'] : undefined
  const last = typeof forwarded === 'string' ? forwarded.split(',').at(-1)?.trim() : undefined
  return networkOf(last ?? request.socket.remoteAddress ?? '')
}

/** How many requests of one address are under way. */
export class AddressCap {
  private readonly counts = new Map<string, number>()
  private readonly perAddressMax: number

  constructor(perAddressMax: number) {
    this.perAddressMax = perAddressMax
  }

  /** Runs `work`, unless so many of this address are running: `rate-limited`. */
  async run<T>(address: string, work: () => Promise<T>): Promise<T> {
    const count = this.counts.get(address) ?? 0
    if (count >= this.perAddressMax)
      throw new GatewayError('rate-limited', { retryAfterMs: RETRY_AFTER_MS })
    this.counts.set(address, count + 1)
    try {
      return await work()
    } finally {
      const left = (this.counts.get(address) ?? 1) - 1
      if (left === 0) this.counts.delete(address)
      else this.counts.set(address, left)
    }
  }
}

function networkOf(address: string): string {
  const mapped = MAPPED.exec(address)?.[1]
  if (mapped !== undefined) return mapped
  if (isIPv4(address)) return address
  if (!isIPv6(address)) return 'unknown'
  const [head = '', tail] = address.toLowerCase().split('::')
  const groups = head === '' ? [] : head.split(':')
  const behind = tail === undefined || tail === '' ? [] : tail.split(':')
  const zeros = tail === undefined ? 0 : Math.max(0, GROUPS - groups.length - behind.length)
  const all = [...groups, ...Array.from({ length: zeros }, () => '0'), ...behind]
  return all
    .slice(0, GROUPS / 2)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':')
}

const MAPPED = /^::ffff:(\d{1,3}(?:\.\d{1,3}){3})$/i
const GROUPS = 8
const RETRY_AFTER_MS = 1_000
