import {
  sanctionListSchema,
  sanctionPaths,
  sanctionViewSchema,
  type SanctionHandlers,
} from '../admin/sanctions-api.ts'
import { unlessMissing, type ControlCall } from './control-call.ts'

/** Asks a running server about sanctions. Every call throws `ControlError`. */
export function createSanctionsClient(call: ControlCall): SanctionHandlers {
  return {
    list: ({ room, before, limit }) => {
      const query = new URLSearchParams({
        limit: String(limit),
        ...(room !== undefined && { room }),
        ...(before !== undefined && { before: String(before) }),
      })
      return call(sanctionListSchema, `${sanctionPaths.list}?${query.toString()}`)
    },
    find: (id) => unlessMissing(call(sanctionViewSchema, at(sanctionPaths.one, id))),
    apply: (order) => call(sanctionViewSchema, sanctionPaths.list, { post: order }),
    undo: (id) => call(sanctionViewSchema, at(sanctionPaths.undo, id), 'POST'),
  }
}

function at(path: string, id: string): string {
  return path.replace(':id', encodeURIComponent(id))
}
