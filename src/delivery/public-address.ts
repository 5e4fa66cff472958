import { lookup as systemLookup, type LookupAddress } from 'node:dns'
import { BlockList, isIP, type LookupFunction } from 'node:net'

/** Resolves a name to all of its addresses; `node:dns` lookup in the product. */
export type Resolve = (
  hostname: string,
  done: (error: NodeJS.ErrnoException | null, addresses: readonly LookupAddress[]) => void,
) => void

/**
 * A lookup for sockets that yields public addresses only: what was checked is what the socket connects
 * to, so a name cannot be rebound in between. One private address refuses the whole name.
 */
export function publicLookup(resolve: Resolve = resolveBySystem): LookupFunction {
  return (hostname, options, callback) => {
    resolve(hostname, (error, addresses) => {
      const [first] = addresses
      const refused = first === undefined || !addresses.every(isPublic)
      if (error !== null) callback(error, '', 0)
      else if (refused) callback(addressRefused(), '', 0)
      else if (options.all === true) callback(null, [...addresses])
      else callback(null, first.address, first.family)
    })
  }
}

/** Whether `address` is a globally reachable unicast address. `IANA special-purpose registries` */
export function isPublicAddress(address: string): boolean {
  const family = isIP(address)
  if (family === 4) return !special.check(address, 'ipv4')
  return family === 6 && globalUnicast.check(address, 'ipv6') && !special.check(address, 'ipv6')
}

function isPublic({ address }: LookupAddress): boolean {
  return isPublicAddress(address)
}

function addressRefused(): NodeJS.ErrnoException {
  return Object.assign(new Error('address-refused'), { code: 'EADDRREFUSED' })
}

function resolveBySystem(hostname: string, done: Parameters<Resolve>[1]): void {
  systemLookup(hostname, { all: true }, (error, addresses) => {
    done(error, error === null ? addresses : [])
  })
}

const globalUnicast = new BlockList()
globalUnicast.addSubnet('2000::', 3, 'ipv6')

const special = new BlockList()
for (const [network, prefix] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 3],
] as const)
  special.addSubnet(network, prefix, 'ipv4')
for (const [network, prefix] of [
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['3fff::', 20],
] as const)
  special.addSubnet(network, prefix, 'ipv6')
