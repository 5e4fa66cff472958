import { compareForms, type FieldName, type Form } from '../src/model/metadata.ts'
import { fields } from '../src/metadata/fields.ts'
import { noticeOf, operationOf } from './crossed.ts'
import type { Eye } from './eye.ts'
import type { Crossing } from './recording.ts'
import {
  sightConsent,
  sightGroupInfo,
  sightKeyMaterial,
  sightQuery,
  sightReport,
} from './sight-contacts.ts'
import { sightChange, sightUpdate } from './sight-handshakes.ts'
import { sightNotice } from './sight-notices.ts'
import { readFanout, sightDelivery, sightSubmission } from './sight-messages.ts'
import type { Role, Sighting } from './sighting.ts'

/** A row of the table: one provider, one operation, one field, over all crossings. */
export interface Row {
  readonly suite: string
  readonly operation: string
  readonly part: 'request' | 'answer'
  readonly observer: string
  readonly role: Role
  readonly field: FieldName
  readonly of?: string
  /** The most exposing form that was seen. */
  readonly form: Form
  /** How often each form was seen. */
  readonly forms: Readonly<Partial<Record<Form, number>>>
}

/** Who saw which field in which form, from the recorded bytes and nothing else. */
export function whoSawWhat(crossings: readonly Crossing[], eye: Eye): readonly Row[] {
  const rows = new Map<string, Row>()
  for (const sighting of crossings.flatMap((crossing) => sight(crossing, eye))) {
    const { seen, suite, operation, part, observer, role } = sighting
    for (const { field, of, form } of seen) {
      const key = JSON.stringify([suite, operation, part, observer, role, field, of])
      const before = rows.get(key)
      const about = of === undefined ? {} : { of }
      rows.set(key, {
        suite,
        operation,
        part,
        observer,
        role,
        field,
        ...about,
        form: before === undefined || compareForms(form, before.form) > 0 ? form : before.form,
        forms: { ...before?.forms, [form]: (before?.forms[form] ?? 0) + 1 },
      })
    }
  }
  return [...rows.values()].toSorted(byOperationAndField)
}

function sight(crossing: Crossing, eye: Eye): readonly Sighting[] {
  switch (operationOf(crossing)) {
    case 'submitMessage':
      return sightSubmission(crossing, eye)
    case 'notify': {
      const fanout = readFanout(crossing)
      const sightings =
        fanout.kind === 'application'
          ? sightDelivery(crossing, fanout, eye)
          : sightChange(crossing, fanout, eye)
      return sightings.map((item) => ({ ...item, operation: `notify: ${fanout.kind}` }))
    }
    case 'update':
      return sightUpdate(crossing, eye)
    case 'keyMaterial':
      return sightKeyMaterial(crossing, eye)
    case 'groupInfo':
      return sightGroupInfo(crossing, eye)
    case 'requestConsent':
    case 'updateConsent':
      return sightConsent(crossing, eye)
    case 'identifierQuery':
      return sightQuery(crossing)
    case 'reportAbuse':
      return sightReport(crossing, eye)
    case undefined: {
      const notice = noticeOf(crossing)
      return notice === undefined ? [] : sightNotice(crossing, notice, eye)
    }
    case 'proxyDownload':
      return []
  }
}

function byOperationAndField(one: Row, other: Row): number {
  const byOperation = ORDER.indexOf(one.operation) - ORDER.indexOf(other.operation)
  if (byOperation !== 0) return byOperation
  const byField = fields[one.field].code - fields[other.field].code
  if (byField !== 0) return byField
  return (one.of ?? '').localeCompare(other.of ?? '')
}

/** Messages first, then what changes rooms, then what finds people. */
const ORDER: readonly string[] = [
  'submitMessage',
  'notify: application',
  'update',
  'notify: commit',
  'notify: proposal',
  'notify: welcome',
  'groupInfo',
  'keyMaterial',
  'identifierQuery',
  'requestConsent',
  'updateConsent',
  'reportAbuse',
  'notice',
  'strike',
]
