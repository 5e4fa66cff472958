import { z } from 'zod'

// What goes over the control socket about sanctions.

/** A sanction and how far it has come; `sanction` has the fields of its kind. docs/sanctions.md */
export const sanctionViewSchema = z.strictObject({
  sequence: z.number(),
  sanction: z.looseObject({ id: z.string(), kind: z.string(), room: z.string() }),
  state: z.string(),
  note: z.string().optional(),
  /** What our delivery service said of it. */
  result: z.string().optional(),
  /** Copies of a retracted message that nobody gets. */
  dropped: z.number(),
  updatedAtMs: z.number(),
})
export type SanctionView = z.infer<typeof sanctionViewSchema>

export const sanctionListSchema = z.strictObject({
  /** The newest first. */
  sanctions: z.array(sanctionViewSchema),
  /** Give it as `before` for the next page. */
  next: z.number().optional(),
})
export type SanctionList = z.infer<typeof sanctionListSchema>

export interface SanctionPage {
  readonly room: string | undefined
  readonly before: number | undefined
  readonly limit: number
}

/** What an operator may do with sanctions. Each throws what the port throws. */
export interface SanctionHandlers {
  readonly list: (page: SanctionPage) => Promise<SanctionList>
  readonly find: (id: string) => Promise<SanctionView | undefined>
  /** `order`: a sanction without `id` and `issuedAtMs`, which are given here. */
  readonly apply: (order: object) => Promise<SanctionView>
  readonly undo: (id: string) => Promise<SanctionView>
}

export const sanctionPaths = {
  list: '/control/v1/sanctions',
  one: '/control/v1/sanctions/:id',
  undo: '/control/v1/sanctions/:id/undo',
} as const
