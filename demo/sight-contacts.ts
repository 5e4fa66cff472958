import type { Form } from '../src/model/metadata.ts'
import { decode } from '../src/wire/codec.ts'
import { consentEntryCodec } from '../src/wire/mimi/consent.ts'
import { groupInfoRequestCodec, groupInfoResponseCodec } from '../src/wire/mimi/group-info.ts'
import {
  identifierRequestCodec,
  identifierResponseCodec,
} from '../src/wire/mimi/identifier-query.ts'
import {
  keyMaterialRequestCodec,
  keyMaterialResponseCodec,
  type KeyMaterialResponse,
} from '../src/wire/mimi/key-material.ts'
import { abuseReportCodec } from '../src/wire/mimi/report-abuse.ts'
import { domainOf, doneBody } from './crossed.ts'
import { mostExposing, type Eye } from './eye.ts'
import type { Crossing } from './recording.ts'
import {
  answerSighting,
  network,
  peerDomain,
  requestSighting,
  type Seen,
  type Sighting,
} from './sighting.ts'

/** keyMaterial, on either of its two hops. */
export function sightKeyMaterial(crossing: Crossing, eye: Eye): readonly Sighting[] {
  const request = decode(keyMaterialRequestCodec, crossing.body)
  const hub = domainOf(request.roomId)
  const asked = requestSighting(crossing, crossing.to === hub ? 'hub' : 'target', [
    peerDomain,
    { field: 'room.id', form: 'exact' },
    { field: 'consent.edge', of: 'who asks', form: eye.formOf(request.requestingUser) },
    { field: 'consent.edge', of: 'for whom', form: eye.formOf(request.targetUser) },
    { field: 'sender.client', of: 'asking', form: eye.clientForm(request.requesterCredential) },
    { field: 'room.policy', of: 'capabilities', form: 'exact' },
    network(crossing),
  ])
  const body = doneBody(crossing)
  if (body === undefined) return [asked]
  const response = decode(keyMaterialResponseCodec, body)
  const role = crossing.from === hub ? 'hub' : 'follower'
  return [asked, answerSighting(crossing, role, [peerDomain, ...materialFields(response, eye)])]
}

function materialFields({ userStatus, clients }: KeyMaterialResponse, eye: Eye): readonly Seen[] {
  const found = clients.flatMap((client) =>
    client.clientStatus === 'success' ? [client.keyPackage.value.leafNode.credential] : [],
  )
  const named = mostExposing(clients.map(({ clientUri }) => eye.formOf(clientUri)))
  const isLinked = found.some(({ kind }) => kind === 'pseudonymous')
  // Some clients, and none that is missing: whoever gets this cannot tell how many there are.
  const isCut = userStatus === 'partialSuccess' && found.length === clients.length
  const listed: readonly Seen[] = [
    { field: 'client.list', form: isCut ? 'bucket' : 'exact' },
    { field: 'client.capabilities', form: 'exact' },
  ]
  return [
    { field: 'user.existence', form: userStatus === 'noConsent' ? 'absent' : 'exact' },
    ...(found.length === 0 ? [] : listed),
    ...(found.length === 0 ? [] : [{ field: 'sender.client', of: 'asked', form: named } as const]),
    ...(isLinked ? [pseudonymLink] : []),
  ]
}

/** groupInfo: who asks, and an answer that only the asking client can open. */
export function sightGroupInfo(crossing: Crossing, eye: Eye): readonly Sighting[] {
  const { requestingCredential } = decode(groupInfoRequestCodec, crossing.body)
  const asked = requestSighting(crossing, 'hub', [
    peerDomain,
    { field: 'room.id', form: 'exact' },
    { field: 'sender.user', form: eye.userForm(requestingCredential) },
    { field: 'sender.client', form: eye.clientForm(requestingCredential) },
    network(crossing),
  ])
  const body = doneBody(crossing)
  if (body === undefined) return [asked]
  const { status } = decode(groupInfoResponseCodec, body)
  return [
    asked,
    answerSighting(crossing, 'follower', [
      peerDomain,
      { field: 'user.existence', of: 'of the room', form: existence(status !== 'notAuthorized') },
      { field: 'participants.list', form: eye.usersIn(body) },
      { field: 'room.description', form: existence(eye.showsRoomName(body)) },
    ]),
  ]
}

/** requestConsent and updateConsent: both name both users. */
export function sightConsent(crossing: Crossing, eye: Eye): readonly Sighting[] {
  const entry = decode(consentEntryCodec, crossing.body)
  const isGrant = entry.consentOperation === 'grant'
  const given = existence(isGrant && entry.clientKeyPackages.length > 0)
  const grantFields: readonly Seen[] = isGrant
    ? [
        { field: 'client.list', form: given },
        { field: 'client.capabilities', form: given },
      ]
    : []
  const role = crossing.to === domainOf(entry.targetUri) ? 'target' : 'asker'
  return [
    requestSighting(crossing, role, [
      peerDomain,
      { field: 'room.id', form: existence(entry.roomId !== undefined) },
      { field: 'consent.edge', of: 'who asks', form: eye.formOf(entry.requesterUri) },
      { field: 'consent.edge', of: 'for whom', form: eye.formOf(entry.targetUri) },
      ...grantFields,
      network(crossing),
    ]),
  ]
}

/** identifierQuery: what was searched, and what was found. */
export function sightQuery(crossing: Crossing): readonly Sighting[] {
  const { queryElements } = decode(identifierRequestCodec, crossing.body)
  const [first, ...others] = queryElements
  const isOneHandle = first?.searchType === 'handle' && others.length === 0
  const asked = requestSighting(crossing, 'target', [
    peerDomain,
    { field: 'contact.query', form: isOneHandle ? 'bucket' : 'exact' },
    network(crossing),
  ])
  const body = doneBody(crossing)
  if (body === undefined) return [asked]
  const { responseCode, foundProfiles } = decode(identifierResponseCodec, body)
  const hasFields = foundProfiles.some(({ fields }) => fields.length > 0)
  return [
    asked,
    answerSighting(crossing, 'asker', [
      peerDomain,
      { field: 'user.existence', form: existence(responseCode === 'success') },
      { field: 'contact.profile', form: existence(hasFields) },
    ]),
  ]
}

/** reportAbuse: the only operation that shows the hub what somebody said. */
export function sightReport(crossing: Crossing, eye: Eye): readonly Sighting[] {
  const report = decode(abuseReportCodec, crossing.body)
  const { reportingUser, allegedAbuserUri, messages, note } = report
  return [
    requestSighting(crossing, 'hub', [
      peerDomain,
      { field: 'room.id', form: 'exact' },
      {
        field: 'report.reporter',
        form: reportingUser === '' ? 'absent' : eye.formOf(reportingUser),
      },
      { field: 'report.subject', form: eye.formOf(allegedAbuserUri) },
      { field: 'report.evidence', form: existence(messages.length > 0) },
      { field: 'report.note', form: existence(note.length > 0) },
      network(crossing),
    ]),
  ]
}

function existence(isThere: boolean): Form {
  return isThere ? 'exact' : 'absent'
}

/** Asked by name and answered with the pseudonym: whoever sees both knows who that is in the room. */
const pseudonymLink: Seen = {
  field: 'consent.edge',
  of: 'user and pseudonym, linked',
  form: 'exact',
}
