import type { z } from 'zod'
import {
  dsaSchema,
  mailSchema,
  transparencySchema,
  xarfSchema,
  type caseBody,
  type dsaBody,
  type transparencyBody,
} from '../admin/exports-api.ts'
import type { ControlCall } from './control-call.ts'

type Input<Schema extends z.ZodType> = z.input<Schema>

/** Documents that leave the house, of a running server. Every call throws `ControlError`. */
export interface ExportsClient {
  dsa(body: Input<typeof dsaBody>): Promise<z.infer<typeof dsaSchema>>
  xarf(body: Input<typeof caseBody>): Promise<z.infer<typeof xarfSchema>>
  arf(body: Input<typeof caseBody>): Promise<z.infer<typeof mailSchema>>
  transparency(body: Input<typeof transparencyBody>): Promise<z.infer<typeof transparencySchema>>
}

export function createExportsClient(call: ControlCall): ExportsClient {
  return {
    dsa: (post) => call(dsaSchema, '/control/v1/exports/dsa', { post }),
    xarf: (post) => call(xarfSchema, '/control/v1/exports/xarf', { post }),
    arf: (post) => call(mailSchema, '/control/v1/exports/arf', { post }),
    transparency: (post) => call(transparencySchema, '/control/v1/exports/transparency', { post }),
  }
}
