import { ascending } from '../ascending.ts'
import { fixed, struct, uint16, vector, type Codec, type Decoded } from '../codec.ts'
import { domainNameCodec } from './asset-policy.ts'

/** Octets of a key's id: SHA-256 of its encoding. RFC 9578 §5.5 */
const keyIdBytes = 32
/** Keys of one issuer and type that are alive at once: more would tell people apart. */
export const tokenKeysMax = 2
/** Pairs of issuer and token type in one room. */
export const tokenKeyEntriesMax = 256

const keyIdsCodec = ascending(
  atLeastOne(vector(fixed(keyIdBytes), { countMax: tokenKeysMax })),
  (one, next) => one.compare(next) < 0,
)

/** The keys of one issuer for tokens of one type. docs/pseudonymous-senders.md */
export const issuerTokenKeysCodec = struct({
  issuer: domainNameCodec,
  tokenType: uint16,
  keyIds: keyIdsCodec,
})
export type IssuerTokenKeys = Decoded<typeof issuerTokenKeysCodec>

/**
 * The GroupContext component 0x8D20, and its update: a full replacement. By issuer, then by type, each
 * pair at most once. docs/pseudonymous-senders.md
 */
export const tokenKeysCodec = struct({
  entries: ascending(
    vector(issuerTokenKeysCodec, { countMax: tokenKeyEntriesMax }),
    (one, next) =>
      one.issuer < next.issuer || (one.issuer === next.issuer && one.tokenType < next.tokenType),
  ),
})

function atLeastOne<T>(list: Codec<readonly T[]>): Codec<readonly T[]> {
  return {
    read: (reader) => {
      const items = list.read(reader)
      if (items.length === 0) reader.fail('invalid-value')
      return items
    },
    write: list.write,
  }
}
