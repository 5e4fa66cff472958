import type { FieldDeclaration } from '../../model/adapter.ts'
import { assetRows } from './declared-assets.ts'
import { attestedRows } from './declared-attested.ts'
import { contactRows } from './declared-contacts.ts'
import { roomRows } from './declared-rooms.ts'

/**
 * What the bytes of draft-ietf-mimi-protocol-06 show, and what gateways attest beside them, per
 * operation, part, audience and field. The gateway's own journal is not in any bytes and so not here.
 */
export const declarations: readonly FieldDeclaration[] = Object.freeze(
  [...roomRows, ...contactRows, ...assetRows, ...attestedRows].flatMap(
    ({ operation, part, audience, fields }) =>
      fields.map(([field, wireFloor, carries, enforcement, because]) =>
        Object.freeze({
          operation,
          part,
          audience,
          field,
          wireFloor,
          carries,
          enforcement,
          because,
        }),
      ),
  ),
)
