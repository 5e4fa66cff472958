import {
  framedContentTbs,
  type AuthenticatedContent,
  type PublicMessage,
} from '../../wire/mls/framing.ts'
import { Writer } from '../../wire/writer.ts'
import { hmac, sameSecret } from '../../mls-crypto/key-derivation.ts'
import { demand } from '../errors.ts'
import type { SigningContext } from './content-signature.ts'

export interface MembershipContext extends SigningContext {
  readonly membershipKey: Buffer
}

/** The message for the wire; members' messages get their membership tag. `RFC 9420 §6.2` */
export function protectPublic(
  context: MembershipContext,
  { content, signature, confirmationTag }: AuthenticatedContent,
): PublicMessage {
  const message = { content, signature, confirmationTag, membershipTag: undefined }
  if (content.sender.kind !== 'member') return message
  return { ...message, membershipTag: membershipTag(context, message) }
}

/** Checks the membership tag, not the signature. Throws `invalid-membership-tag`. `RFC 9420 §6.2` */
export function openPublic(
  context: MembershipContext,
  message: PublicMessage,
): AuthenticatedContent {
  const { content, signature, confirmationTag } = message
  if (content.sender.kind === 'member') {
    const expected = membershipTag(context, message)
    const valid = message.membershipTag && sameSecret(message.membershipTag, expected)
    demand(valid === true, 'invalid-membership-tag')
  }
  return { wireFormat: 1, content, signature, confirmationTag }
}

/** Over `AuthenticatedContentTBM`. */
function membershipTag(
  { suite, groupContext, membershipKey }: MembershipContext,
  { content, signature, confirmationTag }: PublicMessage,
): Buffer {
  const writer = new Writer()
  writer.fixed(framedContentTbs({ wireFormat: 1, content }, groupContext))
  writer.opaque(signature)
  if (confirmationTag !== undefined) writer.opaque(confirmationTag)
  return hmac(suite, membershipKey, writer.take())
}
