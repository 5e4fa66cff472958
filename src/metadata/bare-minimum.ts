import type { FieldDeclaration } from '../model/adapter.ts'
import {
  audiences,
  compareForms,
  type Audience,
  type FieldName,
  type Form,
} from '../model/metadata.ts'
import { fieldList } from './fields.ts'
import { isKeptAsReport, reportsKeptDays } from './report-retention.ts'
import type { Suite, SuiteEntry } from './suite.ts'
import { purposesOf } from './suite-table.ts'

/**
 * Suite 0x0001: nobody wrote it, it is the wire floor of the protocols in use. No franks, so no
 * verified reports.
 */
export function bareMinimum(declarations: readonly FieldDeclaration[]): Suite {
  const entries = fieldList.flatMap(({ name: field }) =>
    audiences.map((audience) => floorEntry(declarations, field, audience)),
  )
  const sender = wireFloor(declarations, 'sender.user', 'hub')
  return Object.freeze({
    code: 0x0001,
    name: 'bare-minimum',
    summary: 'What the protocol cannot help but show, and nothing else.',
    entries,
    shows: 'least',
    requiresFrank: false,
    pseudonymousCredentials: compareForms(sender, 'exact') < 0 ? 'required' : 'optional',
    timeBucketMs:
      wireFloor(declarations, 'message.time', 'follower') === 'exact' ? 1 : BARE_TIME_BUCKET_MS,
  })
}

/**
 * The least form in which a protocol as a whole can show a field to an audience; nothing forces the
 * gateway to write anything into its own journal.
 */
export function wireFloor(
  declarations: readonly FieldDeclaration[],
  field: FieldName,
  audience: Audience,
): Form {
  if (audience === 'archive') return 'absent'
  return declarations
    .filter((declared) => declared.field === field && declared.audience === audience)
    .map((declared) => declared.wireFloor)
    .reduce<Form>((most, form) => (compareForms(form, most) > 0 ? form : most), 'absent')
}

function floorEntry(
  declarations: readonly FieldDeclaration[],
  field: FieldName,
  audience: Audience,
): SuiteEntry {
  const isBucketed = declarations.some(
    (declared) =>
      declared.field === field && declared.audience === audience && declared.wireFloor === 'bucket',
  )
  const ceiling = wireFloor(declarations, field, audience)
  return Object.freeze({
    field,
    audience,
    // A floor here would refuse the operations whose own wire floor is lower.
    floor: 'absent',
    ceiling,
    // Where one operation needs more, others are content with a bucket.
    width: isBucketed ? BARE_WIDTHS[field] : undefined,
    purposes: purposesOf(field, audience),
    retentionDays: ceiling !== 'absent' && isKeptAsReport(field, audience) ? reportsKeptDays : 0,
  })
}

const BARE_TIME_BUCKET_MS = 60_000
const BARE_WIDTHS: Readonly<Partial<Record<FieldName, number>>> = {
  'message.time': BARE_TIME_BUCKET_MS,
  'message.size': 256,
  'participants.list': 64,
  'client.list': 4,
}
