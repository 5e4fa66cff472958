import { accessEvents, triageOf, type HappeningName, type Numbered } from './happenings.ts'

/** What all lines say of where they come from. */
export interface OcsfSource {
  readonly provider: string
  readonly version: string
  /** Stands for a member of the team: the same person, the same handle. */
  readonly handleOf: (member: string) => string
}

/**
 * An event of the Open Cybersecurity Schema Framework 1.2.0: what becomes of reports is a Detection
 * Finding (2004) whose life follows the case, who opened what is API Activity (6003).
 * `metadata.sequence` is the number in the feed: a gap is a loss.
 */
export function ocsfEvent(happening: Numbered, source: OcsfSource): object {
  return happening.by !== undefined && isAccess(happening.name)
    ? access(happening, happening.by, source)
    : finding(happening, source)
}

function finding(happening: Numbered, source: OcsfSource): object {
  const { name, category, state, deadlineMs, outcome, result, kind } = happening
  const { queue, severity } = triageOf(happening)
  const activity = ACTIVITIES.get(name) ?? ACTIVITY.update
  return {
    ...classOf(FINDING, activity),
    ...common(happening, source),
    severity_id: 5 - severity,
    status_id: statusOf(activity, outcome),
    finding_info: { uid: happening.case, title: category, types: [queue] },
    unmapped: { state, deadline: deadlineMs, outcome, verification: result, sanction: kind },
  }
}

function access(happening: Numbered, member: string, source: OcsfSource): object {
  const { name, report } = happening
  return {
    ...classOf(API_ACTIVITY, READ),
    ...common(happening, source),
    severity_id: 1,
    status_id: 1,
    actor: { user: { uid: source.handleOf(member) } },
    api: { operation: name, service: { name: 'postern' } },
    src_endpoint: { svc_name: 'control-socket' },
    resources: [
      { type: 'case', uid: happening.case },
      ...(report === undefined ? [] : [{ type: 'report', uid: report }]),
    ],
  }
}

function common({ id, atMs, name, number }: Numbered, { provider, version }: OcsfSource) {
  return {
    time: atMs,
    message: name,
    metadata: {
      version: '1.2.0',
      product: { name: 'Postern', vendor_name: 'Postern', version },
      log_name: 'moderation',
      log_provider: 'postern',
      tenant_uid: provider,
      original_time: new Date(atMs).toISOString(),
      uid: id,
      event_code: name,
      sequence: number,
    },
  }
}

function classOf(uid: number, activity: number) {
  return {
    category_uid: Math.floor(uid / 1_000),
    class_uid: uid,
    activity_id: activity,
    type_uid: uid * 100 + activity,
  }
}

/** 1 new, 2 in progress, 3 suppressed, 4 resolved. */
function statusOf(activity: number, outcome: string | undefined): number {
  if (outcome !== undefined) return outcome === 'action' ? 4 : 3
  return activity === ACTIVITY.create ? 1 : 2
}

function isAccess(name: HappeningName): boolean {
  return accessEvents.some((known) => known === name)
}

const FINDING = 2_004
const API_ACTIVITY = 6_003
const READ = 2
const ACTIVITY = { create: 1, update: 2, close: 3 } as const
const ACTIVITIES: ReadonlyMap<HappeningName, number> = new Map([
  ['case.opened', ACTIVITY.create],
  ['case.closed', ACTIVITY.close],
  ['appeal.decided', ACTIVITY.close],
])
