import { isRefusal } from '../errors.ts'
import type { ClientState } from './client-state.ts'

/** Fetches certificates ahead. Where that fails nothing is lost: the first message asks for its own. */
export async function takeCertificates({ unnamed }: ClientState): Promise<void> {
  try {
    await unnamed.takeAhead()
  } catch (error) {
    if (!isRefusal(error)) throw error
  }
}
