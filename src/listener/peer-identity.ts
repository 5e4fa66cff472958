import type { X509Certificate } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { TLSSocket } from 'node:tls'
import { provesDomain } from '../delivery/tls-identity.ts'
import { GatewayError } from '../model/errors.ts'
import { parseProviderDomain, type ProviderDomain } from '../model/ids.ts'

/**
 * The provider that sent a request: the domain of `From: mimi@<domain>`, where the certificate of the
 * connection proves it. The certificate is read once per connection. Throws `peer-not-authenticated`,
 * `from-mismatch`. `draft-ietf-mimi-protocol-06 §4.1`
 */
export function identifyPeer(request: IncomingMessage): ProviderDomain {
  const { socket } = request
  const from = request.headers.from ?? ''
  const proven = identities.get(socket)?.domains.get(from)
  if (proven !== undefined) return proven
  const identity = identities.get(socket) ?? readIdentity(socket)
  const domain = parseFrom(from)
  if (!provesDomain(identity.certificate, domain)) throw new GatewayError('from-mismatch')
  if (identity.domains.size < DOMAINS_MAX) identity.domains.set(from, domain)
  return domain
}

interface SocketIdentity {
  readonly certificate: X509Certificate
  /** `From` as it was sent, to the domain that the certificate proves. */
  readonly domains: Map<string, ProviderDomain>
}

function readIdentity(socket: IncomingMessage['socket']): SocketIdentity {
  const certificate =
    socket instanceof TLSSocket && socket.authorized ? socket.getPeerX509Certificate() : undefined
  if (certificate?.subjectAltName?.includes('DNS:') !== true)
    throw new GatewayError('peer-not-authenticated')
  const identity = { certificate, domains: new Map<string, ProviderDomain>() }
  identities.set(socket, identity)
  return identity
}

function parseFrom(from: string): ProviderDomain {
  const [, domain] = /^mimi@([^@\s,]{1,253})$/.exec(from) ?? []
  if (domain === undefined) throw new GatewayError('from-mismatch')
  try {
    return parseProviderDomain(domain)
  } catch {
    throw new GatewayError('from-mismatch')
  }
}

const identities = new WeakMap<object, SocketIdentity>()
const DOMAINS_MAX = 16
