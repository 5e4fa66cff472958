import type { FieldDeclaration } from '../../model/adapter.ts'
import { archiveRows } from './declared-archive.ts'
import { contactRows } from './declared-contacts.ts'
import { roomRows } from './declared-rooms.ts'

/** What the bytes of draft-ietf-mimi-protocol-06 show, per operation, part, audience and field. */
export const declarations: readonly FieldDeclaration[] = Object.freeze(
  [...roomRows, ...contactRows, ...archiveRows].flatMap(({ operation, part, audience, fields }) =>
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
