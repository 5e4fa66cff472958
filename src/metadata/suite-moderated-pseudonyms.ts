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

const pseudonym = 'pseudonym-room'

const table: SuiteTable = {
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
    // Bans and reports hold for either: docs/pseudonymous-senders.md
    hub: ['pseudonym-epoch', pseudonym],
    follower: forbidden,
    target: upTo(pseudonym),
    archive: upTo(pseudonym),
  },
  'sender.client': everywhere(upTo(pseudonym), forbidden),
  'sender.network': everywhere(forbidden, forbidden),
  'participants.list': {
    hub: required(pseudonym),
    follower: upTo(pseudonym),
    target: forbidden,
    archive: upTo('bucket'),
  },
  'participants.changes': {
    hub: required(pseudonym),
    follower: upTo(pseudonym),
    target: forbidden,
    archive: upTo(pseudonym),
  },
  'client.list': everywhere(upTo('exact'), upTo('bucket')),
  'client.capabilities': everywhere(upTo('exact'), forbidden),
  'message.time': {
    hub: required('exact'),
    follower: required('bucket'),
    target: forbidden,
    archive: upTo('bucket'),
  },
  'message.size': {
    hub: ['bucket', 'exact'],
    follower: ['bucket', 'exact'],
    target: forbidden,
    archive: upTo('bucket'),
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
    archive: forbidden,
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
    target: upTo('bucket'),
    archive: forbidden,
  },
  'contact.profile': everywhere(forbidden, forbidden),
  'consent.edge': {
    // Consent names both users, key material may be asked for under a room pseudonym.
    hub: [pseudonym, 'exact'],
    follower: upTo('exact'),
    target: [pseudonym, 'exact'],
    archive: upTo(pseudonym),
  },
  'user.existence': everywhere(forbidden, forbidden),
  'report.reporter': {
    hub: upTo(pseudonym),
    follower: forbidden,
    target: forbidden,
    archive: upTo(pseudonym),
  },
  'report.subject': {
    hub: required(pseudonym),
    follower: forbidden,
    target: forbidden,
    archive: upTo(pseudonym),
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
  'error.detail': everywhere(forbidden, forbidden),
}

const terms: SuiteTerms = {
  retentionDays: { hub: 7, follower: 7, target: 7, archive: 30 },
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

/** Suite 0x0002: every moderation capability that needs no identity. */
export const moderatedPseudonyms: Suite = Object.freeze({
  code: 0x0002,
  name: 'moderated-pseudonyms',
  summary:
    'Room pseudonyms for everybody, franked messages: every moderation capability that needs no identity.',
  entries: entriesOf(table, terms),
  shows: 'permitted',
  requiresFrank: true,
  pseudonymousCredentials: 'required',
  timeBucketMs: 1_000,
})
