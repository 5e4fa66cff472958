import { blobColumn, textColumn } from '../../sqlite/row.ts'
import type { Store } from '../../sqlite/store.ts'

/** A message of a case; everything hexadecimal. */
export interface CaseMessage {
  readonly messageId: string
  /**
   * Of the reports that were verified: what else was claimed may be the tag of somebody else's message.
   * Empty where none was; several where a sender has sent the same message again.
   */
  readonly frankingTags: readonly string[]
}

/** The messages of a case, by id. */
export function messagesOf(store: Store, id: string): readonly CaseMessage[] {
  const rows = store.all(MESSAGES, [id])
  const byId = Map.groupBy(rows, (row) => blobColumn(row, 'message_id').toString('hex'))
  return [...byId].map(([messageId, found]) => ({
    messageId,
    frankingTags: found.flatMap((row) => (row['tag'] === null ? [] : [textColumn(row, 'tag')])),
  }))
}

/** The proof is a `MessageProof`. */
const MESSAGES = `SELECT DISTINCT case_messages.message_id, proof ->> 'frankingTag' AS tag
  FROM case_messages LEFT JOIN report_messages
    ON report_messages.room = case_messages.room
    AND report_messages.message_id = case_messages.message_id
    AND report_messages.result = 'verified'
    AND report IN (SELECT report FROM case_reports WHERE case_id = case_messages.case_id)
  WHERE case_messages.case_id = ? ORDER BY case_messages.message_id, tag`
