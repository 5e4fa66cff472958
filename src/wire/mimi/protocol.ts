import { enumeration, text, type Codec } from '../codec.ts'

/** `enum { reserved(0), mls10(1) } Protocol`; reserved is refused. draft-ietf-mimi-protocol-06 §5 */
export const protocolCodec = enumeration({ mls10: 1 })

/** Octets of a URI in any field. */
export const uriBytesMax = 1_024

/** `struct { opaque uri<V>; } IdentifierUri`, as its text. May be empty. draft-ietf-mimi-protocol-06 §5.2 */
export const identifierUriCodec: Codec<string> = text(uriBytesMax)
