import { hash } from 'node:crypto'
import { Writer } from '../writer.ts'
import type { CipherSuite } from './cipher-suite.ts'

/** `KeyPackageRef` of the bytes of a KeyPackage. RFC 9420 §5.2 */
export function keyPackageRef(suite: CipherSuite, keyPackage: Uint8Array): Buffer {
  return refHash(suite, 'MLS 1.0 KeyPackage Reference', keyPackage)
}

/** `ProposalRef` of the bytes of the AuthenticatedContent that holds the proposal. RFC 9420 §5.2 */
export function proposalRef(suite: CipherSuite, authenticatedContent: Uint8Array): Buffer {
  return refHash(suite, 'MLS 1.0 Proposal Reference', authenticatedContent)
}

function refHash(suite: CipherSuite, label: string, value: Uint8Array): Buffer {
  const writer = new Writer(value.length + label.length + 6)
  writer.opaque(Buffer.from(label))
  writer.opaque(value)
  return hash(suite.hash, writer.take(), 'buffer')
}
