import type { Operation } from '../../model/exchange.ts'
import { fieldList, fields } from '../fields.ts'
import { formWords } from '../words.ts'
import type { Label, LabelField, LabelPart, LabelRecipient, Place } from './label.ts'

/** A label in the words with which it begins, as text. */
export interface LabelSummary {
  readonly title: string
  readonly lead: string
  readonly points: readonly SummaryPoint[]
}

export interface SummaryPoint {
  readonly who: string
  /** The rest of the sentence. */
  readonly gets: string
}

/** The short of a label, for people: who gets what beyond the bare minimum, and what nobody gets. */
export function labelSummary(label: Label): LabelSummary {
  return {
    title: titleOf(label),
    lead: leadOf(label),
    points: [
      ...label.parts.flatMap((part) =>
        part.recipients.map((recipient) => ({
          who: who(label, part, recipient),
          gets: whatTheyGet(recipient),
        })),
      ),
      ...label.closed.map(({ place, provider, code }) => ({
        who: `${provider}, ${placeWords(label, place)}`,
        gets: `nothing passes, as ${CLOSED[code]}.`,
      })),
      ...nobodyGets(label),
    ],
  }
}

/** Who a recipient is and what makes it one. */
export function recipientWords({ audience, providers }: LabelRecipient, place: Place): string {
  if (providers.length === 0) return 'Other providers that take part'
  if (audience === 'archive') return `The journal of ${joined(providers)}`
  return `${joined(providers)}, ${roleWords(audience, place)}`
}

/** The heading of a part: where, and under which suite. */
export function partWords(label: Label, { place, suite }: LabelPart): string {
  return `${capitalised(placeWords(label, place))}, under ${suite.name}`
}

/** Whether a field is shown in a clearer form than the protocol needs. */
export function isExcess({ cause }: LabelField): boolean {
  return cause !== 'protocol'
}

/** What does not pass at all, as a sentence; empty where everything may. */
export function refusedWords({ refused }: LabelRecipient): string {
  if (refused.length === 0) return ''
  return `Not possible here: ${joined(refused.map(({ operation }) => OPERATIONS[operation]))}.`
}

/** Why something passes: what it is shared for. */
export function purposeWords({ purposes }: LabelField): string {
  return joined(purposes.map((purpose) => PURPOSES[purpose]))
}

/** Names of the fields, in a row. */
export function fieldNames(names: readonly LabelField['field'][]): string {
  return names.map((name) => fields[name].title).join('; ')
}

function titleOf({ about }: Label): string {
  return about.kind === 'room' ? 'What this room shows' : `What ${about.peer} is shown`
}

function leadOf(label: Label): string {
  const { about, provider, parts } = label
  if (about.kind === 'peer')
    return `What ${provider} shares with ${about.peer} of its users: in rooms of either, and when somebody looks for somebody.`
  const [part] = parts
  const rules =
    part === undefined
      ? ''
      : ` Its rules for metadata are the suite ${part.suite.name}. ${part.suite.summary}`
  return `${about.hub} runs this room.${rules}`
}

/** Another provider is named once, above all of it. */
function who(label: Label, part: LabelPart, recipient: LabelRecipient): string {
  return label.about.kind === 'room' || recipient.audience === 'archive'
    ? recipientWords(recipient, part.place)
    : `${partWords(label, part)}, ${roleWords(recipient.audience, part.place)}`
}

function roleWords(audience: Exclude<LabelRecipient['audience'], 'archive'>, place: Place): string {
  switch (audience) {
    case 'hub':
      return place === 'outside-rooms'
        ? 'asking for the devices of a user or asked for a file'
        : 'running the room'
    case 'follower':
      return 'taking part in the room'
    case 'target':
      return 'when somebody contacts a user there'
  }
}

function placeWords({ about, provider }: Label, place: Place): string {
  switch (place) {
    case 'outside-rooms':
      return 'outside rooms'
    case 'our-rooms':
      return `in rooms of ${provider}`
    case 'their-rooms':
      return `in rooms of ${about.kind === 'room' ? about.hub : about.peer}`
  }
}

function capitalised(text: string): string {
  return `${text.slice(0, 1).toUpperCase()}${text.slice(1)}`
}

/** People first, then how much else. */
function whatTheyGet(recipient: LabelRecipient): string {
  const { fields: shown, audience } = recipient
  if (shown.length === 0) return 'nothing.'
  const people = audience === 'target' ? '' : `${peopleWords(recipient)} `
  return `${people}${howMuch(recipient)}`
}

/** What most people want to know of whoever gets something. */
function peopleWords({ fields: shown }: LabelRecipient): string {
  const facts = PEOPLE.map((name) => {
    const row = shown.find(({ field }) => field === name)
    const words = row === undefined ? 'not shown' : formWords(name, row.form, row.width)
    return `${fields[name].title}: ${words}.`
  })
  return facts.join(' ')
}

function howMuch({ fields: shown }: LabelRecipient): string {
  const more = shown.filter(isExcess).map(({ field }) => field)
  const least = shown.length - more.length
  const minimum = `${least} ${least === 1 ? 'item' : 'items'} that the protocol cannot help showing`
  if (more.length === 0) return `${minimum}, and nothing beyond.`
  const beyond = `${more.length} beyond the bare minimum: ${fieldNames(more)}.`
  return least === 0 ? beyond : `${minimum}, and ${beyond}`
}

function nobodyGets({ parts }: Label): readonly SummaryPoint[] {
  const recipients = parts.flatMap((part) => part.recipients)
  const shown = new Set(recipients.flatMap((recipient) => recipient.fields.map((row) => row.field)))
  const never = fieldList.flatMap(({ name }) => (shown.has(name) ? [] : [name]))
  return shown.size === 0 || never.length === 0
    ? []
    : [{ who: 'Shown to none of them', gets: `${fieldNames(never)}.` }]
}

function joined(words: readonly string[]): string {
  return words.length < 2
    ? words.join('')
    : `${words.slice(0, -1).join(', ')} and ${words.at(-1) ?? ''}`
}

const PEOPLE = ['sender.user', 'participants.list'] as const

const CLOSED: Readonly<Record<Label['closed'][number]['code'], string>> = {
  'peer-unknown': 'it is not known here',
  'peer-denied': 'it is not served here',
  'suite-unavailable': 'the suite of the room is not agreed on',
  'agreement-stale': 'there is no agreement',
  'agreement-pending': 'the agreement waits for the operator',
  'no-common-suite': 'the providers have no suite in common',
}

const PURPOSES: Readonly<Record<LabelField['purposes'][number], string>> = {
  delivery: 'to deliver',
  moderation: 'to moderate',
  compliance: 'to comply',
}

const OPERATIONS: Readonly<Record<Operation, string>> = {
  keyMaterial: 'adding somebody',
  update: 'changing the room',
  submitMessage: 'sending messages',
  notify: 'getting messages',
  groupInfo: 'joining by oneself',
  requestConsent: 'asking for consent',
  updateConsent: 'giving consent',
  identifierQuery: 'searching for people',
  reportAbuse: 'reporting abuse',
  proxyDownload: 'fetching files unseen',
}
