import { keyListSchema, keyPaths, keyRotationSchema, type KeyHandlers } from '../admin/keys-api.ts'
import type { Asked, ControlCall } from './control-call.ts'

/** The same questions over the control socket. Every call throws `ControlError`. */
export type KeysClient = { readonly [Name in keyof KeyHandlers]: Asked<KeyHandlers[Name]> }

/** Asks a running server about its keys. */
export function createKeysClient(call: ControlCall): KeysClient {
  return {
    list: () => call(keyListSchema, keyPaths.list),
    rotate: ({ purpose, now }) =>
      call(keyRotationSchema, `${keyPaths.rotate}?purpose=${purpose}&now=${now}`, 'POST'),
  }
}
