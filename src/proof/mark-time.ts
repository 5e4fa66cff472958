import type { FieldName } from '../model/metadata.ts'
import type { Marks } from './scenario.ts'

/** An exact time, as it stands in structs and as people write it. */
export function markTime(
  marks: Marks,
  exactMs: number,
  field: FieldName | readonly FieldName[] = 'message.time',
): void {
  const octets = Buffer.alloc(8)
  octets.writeBigUInt64BE(BigInt(exactMs))
  marks.put('time', field, octets)
  marks.put('time', field, String(exactMs))
}
