import {
  agreementListSchema,
  agreementSchema,
  checkSchema,
  historySchema,
  ownRequirementsSchema,
  peerListSchema,
  publishedSchema,
  requirementsPaths as paths,
  type AgreementView,
  type RequirementsHandlers,
} from '../admin/requirements-api.ts'
import type { Asked, ControlCall } from './control-call.ts'

/** The same questions over the control socket. Every call throws `ControlError`. */
export type RequirementsClient = {
  readonly [Name in keyof RequirementsHandlers]: Asked<RequirementsHandlers[Name]>
}

/** Asks a running server about requirements, peers and agreements. */
export function createRequirementsClient(call: ControlCall): RequirementsClient {
  const decide =
    (path: string) =>
    (id: string): Promise<AgreementView> =>
      call(agreementSchema, path.replace(':id', encodeURIComponent(id)), 'POST')
  return {
    own: () => call(ownRequirementsSchema, paths.own),
    publish: ({ renew }) => call(publishedSchema, `${paths.publish}?renew=${renew}`, 'POST'),
    history: () => call(historySchema, paths.history),
    check: (provider) =>
      call(checkSchema, `${paths.check}?provider=${encodeURIComponent(provider)}`, 'POST'),
    listPeers: () => call(peerListSchema, paths.peers),
    refreshPeers: () => call(peerListSchema, paths.refresh, 'POST'),
    forgetPeer: (domain) =>
      call(peerListSchema, paths.forget.replace(':domain', encodeURIComponent(domain)), 'POST'),
    listAgreements: () => call(agreementListSchema, paths.agreements),
    approve: decide(paths.approve),
    reject: decide(paths.reject),
  }
}
