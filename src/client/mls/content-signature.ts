import {
  framedContentTbs,
  type AuthenticatedContent,
  type FramedContent,
} from '../../wire/mls/framing.ts'
import type { GroupContext } from '../../wire/mls/group-info.ts'
import { signLabelled, verifyLabelled, type SignatureKeyPair } from '../../mls-crypto/signatures.ts'
import type { MlsSuite } from '../../mls-crypto/suite.ts'
import { demand } from '../errors.ts'

/** The epoch in which content is signed. */
export interface SigningContext {
  readonly suite: MlsSuite
  readonly groupContext: GroupContext
}

/** Wire format 1 is public, 2 private. */
export interface FramedContentIn {
  readonly wireFormat: 1 | 2
  readonly content: FramedContent
}

/** `RFC 9420 §6.1` */
export function signFramedContent(
  { suite, groupContext }: SigningContext,
  signer: SignatureKeyPair,
  framed: FramedContentIn,
): Buffer {
  const content = framedContentTbs(framed, groupContext)
  return signLabelled(suite, signer, { label: LABEL, content })
}

/** Throws `invalid-signature`. `RFC 9420 §6.1` */
export function verifyFramedContent(
  { suite, groupContext }: SigningContext,
  publicKey: Buffer,
  authenticated: AuthenticatedContent,
): void {
  const content = framedContentTbs(authenticated, groupContext)
  const { signature } = authenticated
  const valid = verifyLabelled(suite, publicKey, { label: LABEL, content, signature })
  demand(valid, 'invalid-signature')
}

const LABEL = 'FramedContentTBS'
