import type { FastifyInstance } from 'fastify'
import { issuerDirectoryPath } from '../privacypass/issuer-directory.ts'
import { mediaTypes } from '../privacypass/media-types.ts'
import { send } from './reply.ts'
import type { IssuerDesk } from './token-desks.ts'

/** The keys of our issuer, for whoever proved a domain, known to us or not. RFC 9578 §4 */
export function routeIssuerDirectory(
  app: FastifyInstance,
  directory: IssuerDesk['directory'],
): void {
  app.get(issuerDirectoryPath, (_request, reply) => {
    reply.hijack()
    const { bytes, maxAgeSeconds } = directory()
    const cacheControl = `max-age=${maxAgeSeconds}`
    send(reply.raw, { status: 200, contentType: mediaTypes.issuerDirectory, cacheControl }, bytes)
  })
}
