import { opaque, optional, struct, vector, type Decoded } from '../../wire/codec.ts'
import { preSharedKeyIdCodec } from '../../wire/mls/proposal.ts'

/** What a Welcome seals to each new member. `RFC 9420 §12.4.3.1` */
export const groupSecretsCodec = struct({
  joinerSecret: opaque(64),
  pathSecret: optional(struct({ pathSecret: opaque(64) })),
  psks: vector(preSharedKeyIdCodec, { countMax: 256 }),
})
export type GroupSecrets = Decoded<typeof groupSecretsCodec>
