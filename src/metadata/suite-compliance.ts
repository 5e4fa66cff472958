import { identifiedTable } from './suite-identified.ts'
import type { Suite } from './suite.ts'
import {
  entriesOf,
  forbidden,
  required,
  upTo,
  type SuiteTable,
  type SuiteTerms,
} from './suite-table.ts'

const table: SuiteTable = {
  ...identifiedTable,
  'sender.user': {
    hub: required('exact'),
    follower: forbidden,
    target: upTo('exact'),
    archive: required('exact'),
  },
  'participants.list': {
    hub: required('exact'),
    follower: upTo('exact'),
    target: forbidden,
    archive: required('exact'),
  },
  'participants.changes': {
    hub: required('exact'),
    follower: upTo('exact'),
    target: forbidden,
    archive: required('exact'),
  },
  'room.id': {
    hub: required('exact'),
    follower: required('exact'),
    target: upTo('exact'),
    archive: required('exact'),
  },
  'message.time': {
    hub: required('exact'),
    follower: required('exact'),
    target: forbidden,
    archive: required('exact'),
  },
  'message.kind': {
    hub: required('exact'),
    follower: required('exact'),
    target: forbidden,
    archive: required('exact'),
  },
  'consent.edge': {
    hub: upTo('exact'),
    follower: upTo('exact'),
    target: required('exact'),
    archive: required('exact'),
  },
  'sender.client': {
    hub: upTo('exact'),
    follower: upTo('exact'),
    target: upTo('exact'),
    archive: upTo('exact'),
  },
  'sender.organisation': {
    hub: required('exact'),
    follower: upTo('exact'),
    target: forbidden,
    archive: required('exact'),
  },
  'sender.deviceClass': {
    hub: required('bucket'),
    follower: forbidden,
    target: forbidden,
    archive: required('bucket'),
  },
  'sender.country': {
    hub: required('bucket'),
    follower: forbidden,
    target: forbidden,
    archive: required('bucket'),
  },
  'delivery.time': {
    hub: ['bucket', 'exact'],
    follower: forbidden,
    target: forbidden,
    archive: ['bucket', 'exact'],
  },
}

/** Five years: the longest of the record-keeping duties that the archive is meant for. */
const ARCHIVE_DAYS = 1_827

const terms: SuiteTerms = {
  retentionDays: { hub: 90, follower: 90, target: 90, archive: ARCHIVE_DAYS },
  fieldRetentionDays: {
    'contact.query': 0,
    'asset.url': 0,
  },
  widths: {
    'message.time': 1_000,
    'message.size': 256,
    'participants.list': 8,
    'client.list': 2,
    'delivery.time': 1_000,
  },
}

/** Suite 0x0004: what an enterprise must keep. */
export const compliance: Suite = Object.freeze({
  code: 0x0004,
  name: 'compliance',
  summary:
    'As identified, with organisation, device class, country and delivery times; long retention in the archive.',
  entries: entriesOf(table, terms),
  shows: 'permitted',
  requiresFrank: true,
  pseudonymousCredentials: 'forbidden',
  timeBucketMs: 1,
})
