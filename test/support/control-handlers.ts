import { someLabel } from './labels.ts'
import type { ControlHandlers, ReportDetail, ReportSummary } from '../../src/admin/control-api.ts'

const report: ReportSummary = {
  id: 'r1',
  receivedAtMs: 1_700_000_000_000,
  room: 'mimi://a.example/r/club',
  provider: 'b.example',
  subject: 'mimi://a.example/u/p1',
  category: 'spam',
  messages: 1,
  consentFlags: 0,
  reporterProof: 'none',
  result: 'verified',
}

/** Handlers of a small gateway that holds one report. */
export function controlHandlers(overrides: Partial<ControlHandlers> = {}): ControlHandlers {
  const detail: ReportDetail = {
    report,
    checks: [{ messageId: '01ab', result: 'verified', method: 'frank' }],
  }
  return {
    health: () => ({
      status: 'ready',
      version: '0.1.0',
      startedAtMs: 1_700_000_000_000,
      components: { store: { state: 'up' }, upstream: { state: 'degraded', reason: 'slow' } },
    }),
    reload: () => Promise.resolve({ outcome: 'applied', restart: ['listeners.peers.port'] }),
    listReports: ({ limit }) => Promise.resolve({ reports: [report].slice(0, limit) }),
    findReport: (id) => Promise.resolve(id === report.id ? detail : undefined),
    listConsents: ({ limit }) => ({
      consents: [
        {
          position: 7,
          atMs: 1_700_000_000_000,
          change: 'grant' as const,
          requester: 'mimi://a.example/u/alice',
          target: 'mimi://b.example/u/bob',
          provider: 'b.example',
          terms: { suite: 2, suiteDigest: '00', purposes: ['delivery'], retentionDays: 30 },
        },
      ].slice(0, limit),
    }),
    listRooms: () => ({
      rooms: [
        { room: 'mimi://a.example/r/club', suite: 'identified', epoch: '7', participants: 3 },
      ],
    }),
    labelOfRoom: () => someLabel,
    labelOfPeer: () => someLabel,
    ...overrides,
  }
}
