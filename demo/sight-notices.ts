import type { NoticeMessage } from '../src/notices/messages.ts'
import type { Eye } from './eye.ts'
import type { Crossing } from './recording.ts'
import { arrival, network, peerDomain, requestSighting, type Sighting } from './sighting.ts'

/** What the sender's provider is told of abuse: notices and strikes; answers say nothing of people. */
export function sightNotice(
  crossing: Crossing,
  message: NoticeMessage,
  eye: Eye,
): readonly Sighting[] {
  if (message.type !== 'notice' && message.type !== 'strike') return []
  const text = JSON.stringify(message)
  const others = eye.providersIn(Buffer.from(text)).filter((domain) => !isEnd(crossing, domain))
  const tags = message.franking_tags ?? []
  const evidence = message.type === 'notice' ? message.sealed_evidence : undefined
  const sighting = requestSighting(crossing, 'target', [
    peerDomain,
    { field: 'room.id', form: text.includes('/r/') ? 'exact' : 'absent' },
    { field: 'message.frankingTag', form: tags.length > 0 ? 'exact' : 'absent' },
    { field: 'report.subject', form: eye.formOf(message.subject_pseudonym) },
    { field: 'report.reporter', form: others.length > 0 ? 'exact' : 'absent' },
    { field: 'report.evidence', form: evidence === undefined ? 'absent' : 'exact' },
    arrival,
    network(crossing),
  ])
  return [{ ...sighting, operation: message.type }]
}

function isEnd({ from, to }: Crossing, domain: string): boolean {
  return domain === from || domain === to
}
