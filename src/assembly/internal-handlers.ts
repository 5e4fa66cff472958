import type { HubKeys, InternalHandlers, RoomView } from '../listener/internal-handlers.ts'
import { GatewayError } from '../model/errors.ts'
import { anonymitySet } from '../notices/anonymity-set.ts'
import type { StatusDesk } from '../notices/report-status.ts'
import { createRoom } from '../pipeline/create-room.ts'
import { fanout } from '../pipeline/fanout.ts'
import type { PipelineParts } from '../pipeline/parts.ts'
import type { Pipeline } from '../pipeline/pipeline.ts'
import type { HubSigner } from '../protocols/mimi/seal-group-info.ts'
import type { RoomState } from '../rooms/room-state.ts'
import { encode } from '../wire/codec.ts'
import { externalSenderCodec } from '../wire/mls/external-sender.ts'
import type { Labels } from './labels.ts'
import type { Notices } from './notices.ts'
import { sendReport, sendSpamReport } from './report-forms.ts'
import { reportNoticeHandlers } from './report-notice-handlers.ts'
import { sanctionHandlers } from './sanction-handlers.ts'

/** What our own delivery service can do. docs/internal-api.md */
export function internalHandlers(
  parts: PipelineParts,
  pipeline: Pick<Pipeline, 'handleLocal'>,
  {
    signer,
    labels,
    notices,
    statuses,
  }: {
    readonly signer: HubSigner
    readonly labels: Labels
    readonly notices: Pick<Notices, 'moderatorNotices'>
    readonly statuses: Pick<StatusDesk, 'statusOf'>
  },
): InternalHandlers {
  return {
    operation: pipeline.handleLocal,
    createRoom: async (room) => roomView(await createRoom(parts, room)),
    findRoom: (room) => {
      const state = parts.rooms.find(room)
      return state === undefined ? undefined : roomView(state)
    },
    fanout: (request, context) => fanout(parts, request, context),
    hubKeys: (ciphersuite) => hubKeys(parts, signer, ciphersuite),
    anonymitySet: (room, provider) => {
      const state = parts.rooms.find(room)
      if (state === undefined) throw new GatewayError('room-unknown')
      return anonymitySet(room, provider, state.participants)
    },
    labelOfRoom: labels.ofRoom,
    labelOfPeer: labels.ofPeer,
    ...sanctionHandlers(parts),
    ...reportNoticeHandlers(parts, notices.moderatorNotices),
    report: (form, context) => sendReport(pipeline, form, context),
    reportSpam: (form, context) => sendSpamReport(pipeline, form, context),
    reportStatus: (receipt, { signal }) => statuses.statusOf(receipt, signal),
  }
}

/**
 * The handlers before there is a pipeline: the embedded delivery service needs our address before we
 * can know its own. Until `bind` is called everything is `upstream-unavailable`.
 */
export function lateHandlers(): {
  readonly handlers: InternalHandlers
  readonly bind: (handlers: InternalHandlers) => void
} {
  let bound: InternalHandlers | undefined
  const now = (): InternalHandlers => {
    if (bound === undefined) throw new GatewayError('upstream-unavailable', { retryAfterMs: 1_000 })
    return bound
  }
  return {
    bind: (handlers) => {
      bound = handlers
    },
    handlers: {
      operation: async (request, context) => now().operation(request, context),
      createRoom: async (room, context) => now().createRoom(room, context),
      findRoom: (room) => now().findRoom(room),
      fanout: async (request, context) => now().fanout(request, context),
      hubKeys: (ciphersuite) => now().hubKeys(ciphersuite),
      anonymitySet: (room, provider) => now().anonymitySet(room, provider),
      labelOfRoom: (room) => now().labelOfRoom(room),
      labelOfPeer: (peer) => now().labelOfPeer(peer),
      sanctions: async (question) => now().sanctions(question),
      sanctionResult: async (report) => now().sanctionResult(report),
      reportNotices: async (question) => now().reportNotices(question),
      report: async (form, context) => now().report(form, context),
      reportSpam: async (form, context) => now().reportSpam(form, context),
      reportStatus: async (receipt, context) => now().reportStatus(receipt, context),
    },
  }
}

function hubKeys(parts: PipelineParts, signer: HubSigner, ciphersuite: number): HubKeys {
  return {
    frankingAgent: parts.frankingAgent(ciphersuite).agentData(),
    externalSender: encode(externalSenderCodec, signer.externalSender),
  }
}

function roomView(state: RoomState): RoomView {
  const { room, suite, epoch, ciphersuite, treeHash, confirmedTranscriptHash, participants } = state
  return { room, suite, epoch, ciphersuite, treeHash, confirmedTranscriptHash, participants }
}
