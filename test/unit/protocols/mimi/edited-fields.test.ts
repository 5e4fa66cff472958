import { expect, test } from 'vitest'
import { fields } from '../../../../src/metadata/fields.ts'
import { transforms, type TransformName } from '../../../../src/metadata/transforms.ts'
import { compareForms, type FieldName, type Form } from '../../../../src/model/metadata.ts'
import { declarations } from '../../../../src/protocols/mimi/declarations.ts'

const pseudonyms = ['pseudonym-epoch', 'pseudonym-room', 'pseudonym-peer'] as const

/** Which transform makes which form of a field, by operation and part. */
const makers: Readonly<
  Record<string, Readonly<Partial<Record<FieldName, Partial<Record<Form, TransformName>>>>>>
> = {
  'keyMaterial response': {
    'user.existence': { absent: 'maskUserStatus' },
    'client.list': { bucket: 'reduceClients' },
  },
  'groupInfo response': { 'user.existence': { absent: 'maskRoomStatus' } },
  'update response': {
    'user.existence': { absent: 'maskRoomPresence' },
    'message.time': { bucket: 'bucketTime' },
    'error.detail': { absent: 'maskErrorText' },
  },
  'submitMessage response': {
    'user.existence': { absent: 'maskRoomPresence' },
    'message.time': { bucket: 'bucketTime' },
    'message.frank': { absent: 'showFrank' },
  },
  'notify request': {
    'message.time': { bucket: 'bucketTime' },
    'message.frank': { absent: 'showFrank' },
  },
  'reportAbuse request': {
    'report.reporter': {
      absent: 'showReporter',
      ...Object.fromEntries(pseudonyms.map((form) => [form, 'showReporter'])),
    },
    'report.note': { absent: 'showNote' },
  },
  'reportAbuse response': { 'user.existence': { absent: 'maskRoomPresence' } },
  'requestConsent response': { 'user.existence': { absent: 'maskConsentStatus' } },
  'updateConsent request': {
    'client.list': { absent: 'showKeyPackages', bucket: 'showKeyPackages' },
    'client.capabilities': { absent: 'showKeyPackages' },
  },
  'updateConsent response': { 'user.existence': { absent: 'maskConsentStatus' } },
  'identifierQuery response': {
    'user.existence': { absent: 'maskQueryStatus' },
    'contact.profile': { absent: 'hideProfileFields' },
  },
}

/** Every form below the one that is carried which a plan can choose for an edited field. */
const chosen = declarations
  .filter(({ enforcement }) => enforcement === 'edited')
  .flatMap(({ operation, part, field, wireFloor, carries }) =>
    fields[field].forms
      .filter((form) => compareForms(form, wireFloor) >= 0 && compareForms(form, carries) < 0)
      .map((form) => ({ where: `${operation} ${part}`, field, form })),
  )

test('every form that a plan can choose for an edited field has a transform that makes it', () => {
  const without = chosen.filter(({ where, field, form }) => {
    const maker = makers[where]?.[field]?.[form]
    return maker === undefined || !(maker in transforms)
  })
  expect(without).toEqual([])
})

test('nothing is made that no plan can choose', () => {
  const made = Object.entries(makers).flatMap(([where, byField]) =>
    Object.entries(byField).flatMap(([field, byForm]) =>
      Object.keys(byForm).map((form) => `${where} ${field} ${form}`),
    ),
  )
  const known = new Set(chosen.map(({ where, field, form }) => `${where} ${field} ${form}`))
  expect(made.filter((name) => !known.has(name))).toEqual([])
})
