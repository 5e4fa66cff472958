import type { z } from 'zod'
import { ControlError } from './control-error.ts'

/** One question; throws `ControlError`. */
export type ControlCall = <T>(
  schema: z.ZodType<T>,
  path: string,
  method?: 'GET' | 'POST' | { readonly post: object },
) => Promise<T>

/** The answer, or undefined where the server has no such thing. Throws `ControlError`. */
export async function unlessMissing<T>(asked: Promise<T>): Promise<T | undefined> {
  try {
    return await asked
  } catch (error) {
    if (error instanceof ControlError && error.code === 'not-found') return undefined
    throw error
  }
}

/** A question as the client asks it. */
export type Asked<F> = F extends (...input: infer Input) => infer Output
  ? (...input: Input) => Promise<Awaited<Output>>
  : never
