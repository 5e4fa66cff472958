import type { Suite } from './suite.ts'
import {
  entriesOf,
  everywhere,
  forbidden,
  required,
  upTo,
  type SuiteTable,
  type SuiteTerms,
} from './suite-table.ts'

/** The table of suite 0x0003; `compliance` is this one and what an enterprise must keep. */
export const identifiedTable: SuiteTable = {
  'provider.domain': everywhere(required('exact'), required('exact')),
  'room.id': {
    hub: required('exact'),
    follower: required('exact'),
    target: upTo('exact'),
    archive: upTo('exact'),
  },
  'group.epoch': {
    hub: required('exact'),
    follower: required('exact'),
    target: forbidden,
    archive: upTo('exact'),
  },
  'sender.user': {
    hub: required('exact'),
    follower: forbidden,
    target: upTo('exact'),
    archive: upTo('exact'),
  },
  'sender.client': everywhere(upTo('exact'), upTo('pseudonym-peer')),
  'sender.network': everywhere(forbidden, forbidden),
  'participants.list': {
    hub: required('exact'),
    follower: upTo('exact'),
    target: forbidden,
    archive: upTo('exact'),
  },
  'participants.changes': {
    hub: required('exact'),
    follower: upTo('exact'),
    target: forbidden,
    archive: upTo('exact'),
  },
  'client.list': everywhere(upTo('exact'), upTo('bucket')),
  'client.capabilities': everywhere(upTo('exact'), forbidden),
  'message.time': {
    hub: required('exact'),
    follower: required('exact'),
    target: forbidden,
    archive: upTo('exact'),
  },
  'message.size': {
    hub: ['bucket', 'exact'],
    follower: ['bucket', 'exact'],
    target: forbidden,
    archive: upTo('exact'),
  },
  'message.kind': {
    hub: required('exact'),
    follower: required('exact'),
    target: forbidden,
    archive: upTo('exact'),
  },
  'message.id': {
    hub: upTo('exact'),
    follower: upTo('exact'),
    target: forbidden,
    archive: upTo('exact'),
  },
  'message.frankingTag': {
    hub: required('exact'),
    follower: required('exact'),
    target: forbidden,
    archive: forbidden,
  },
  'message.frank': {
    hub: required('exact'),
    follower: required('exact'),
    target: forbidden,
    archive: forbidden,
  },
  'room.description': {
    hub: upTo('exact'),
    follower: upTo('exact'),
    target: forbidden,
    archive: forbidden,
  },
  'room.policy': {
    hub: required('exact'),
    follower: required('exact'),
    target: upTo('exact'),
    archive: upTo('exact'),
  },
  'contact.query': {
    hub: forbidden,
    follower: forbidden,
    target: upTo('exact'),
    archive: forbidden,
  },
  'contact.profile': {
    hub: forbidden,
    follower: forbidden,
    target: upTo('exact'),
    archive: forbidden,
  },
  'consent.edge': {
    hub: upTo('exact'),
    follower: upTo('exact'),
    target: required('exact'),
    archive: upTo('exact'),
  },
  'user.existence': everywhere(upTo('exact'), forbidden),
  'report.reporter': {
    hub: upTo('exact'),
    follower: forbidden,
    target: forbidden,
    archive: upTo('pseudonym-peer'),
  },
  'report.subject': {
    hub: ['pseudonym-room', 'exact'],
    follower: forbidden,
    target: forbidden,
    archive: upTo('exact'),
  },
  'report.evidence': {
    hub: upTo('exact'),
    follower: forbidden,
    target: forbidden,
    archive: forbidden,
  },
  'report.note': {
    hub: upTo('exact'),
    follower: forbidden,
    target: forbidden,
    archive: forbidden,
  },
  'asset.url': {
    hub: upTo('exact'),
    follower: forbidden,
    target: upTo('exact'),
    archive: forbidden,
  },
  'delivery.time': everywhere(forbidden, upTo('bucket')),
  'sender.organisation': everywhere(forbidden, forbidden),
  'sender.deviceClass': everywhere(forbidden, forbidden),
  'sender.country': everywhere(forbidden, forbidden),
  'error.detail': everywhere(upTo('exact'), forbidden),
}

const terms: SuiteTerms = {
  retentionDays: { hub: 30, follower: 30, target: 30, archive: 90 },
  fieldRetentionDays: {
    'contact.query': 0,
    'asset.url': 0,
  },
  widths: {
    'message.time': 1_000,
    'message.size': 256,
    'participants.list': 8,
    'client.list': 2,
    'delivery.time': 60_000,
  },
}

/** Suite 0x0003: the hub knows who speaks, followers do not learn it from an application message. */
export const identified: Suite = Object.freeze({
  code: 0x0003,
  name: 'identified',
  summary:
    'Sender and participants exact to the hub; followers get no sender of application messages.',
  entries: entriesOf(identifiedTable, terms),
  shows: 'permitted',
  requiresFrank: true,
  pseudonymousCredentials: 'forbidden',
  timeBucketMs: 1,
})
