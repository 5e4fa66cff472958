import type { Server } from 'node:https'
import type { Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'

export interface ConnectionCaps {
  /** Handshakes under way from one address. */
  readonly handshakesPerAddressMax: number
  /** Connections that present the same names. */
  readonly connectionsPerPeerMax: number
}

/** Closes connections beyond the caps, before they cost a handshake or a request. */
export function capConnections(server: Server, caps: ConnectionCaps): void {
  const handshakes = new Tally(caps.handshakesPerAddressMax)
  const peers = new Tally(caps.connectionsPerPeerMax)
  server.on('connection', (socket: Socket) => {
    const { remoteAddress = '', remotePort = 0 } = socket
    if (!handshakes.add(remoteAddress, remotePort)) socket.destroy()
    socket.once('close', () => handshakes.remove(remoteAddress, remotePort))
  })
  server.on('secureConnection', (socket: TLSSocket) => {
    const { remoteAddress = '', remotePort = 0 } = socket
    handshakes.remove(remoteAddress, remotePort)
    const names = socket.getPeerX509Certificate()?.subjectAltName ?? ''
    if (!peers.add(names, socket)) socket.destroy()
    socket.once('close', () => peers.remove(names, socket))
  })
}

/** How many distinct members each key has, up to a bound. */
class Tally {
  private readonly members = new Map<string, Set<unknown>>()
  private readonly countMax: number

  constructor(countMax: number) {
    this.countMax = countMax
  }

  add(key: string, member: unknown): boolean {
    const set = this.members.get(key) ?? new Set()
    if (set.size >= this.countMax) return false
    this.members.set(key, set.add(member))
    return true
  }

  remove(key: string, member: unknown): void {
    const set = this.members.get(key)
    set?.delete(member)
    if (set?.size === 0) this.members.delete(key)
  }
}
