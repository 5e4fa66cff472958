import { constants } from 'node:fs'
import { join } from 'node:path'
import type { Randomness } from '../model/clock.ts'
import { readAt, writeAt, type SpentFiles } from './spent-files.ts'
import { spentUnavailable } from './spent-tokens.ts'

/** That a directory is ours alone. */
export interface Ownership {
  /** Throws `store-unavailable` where another process has taken the directory over: for good. */
  readonly check: () => Promise<void>
  /** Closes the file of the mark, which stays. */
  readonly end: () => Promise<void>
}

/**
 * Takes a directory over by writing a random mark into it, which whoever had it finds instead of its own
 * before its next answer. Each process writes its spends before it looks at the mark, and writes the
 * mark before it reads what was spent: so what the one has answered the other has read. A lock would
 * outlive a process that was killed; this one needs nothing from the dead.
 */
export async function takeOwnership(
  files: SpentFiles,
  directory: string,
  randomness: Randomness,
): Promise<Ownership> {
  const mark = randomness(MARK_BYTES)
  // Never truncated: whoever reads it meanwhile would find nothing.
  const flags = constants.O_RDWR | constants.O_CREAT
  const file = await files.open(join(directory, 'spent-owner'), flags, 0o600)
  try {
    await writeAt(file, mark, 0)
  } catch (cause) {
    await file.close()
    throw spentUnavailable('owner', cause)
  }
  let isLost = false
  return {
    check: async () => {
      isLost ||= !(await readAt(file, Buffer.alloc(MARK_BYTES), 0)).equals(mark)
      if (isLost) throw spentUnavailable('taken-over')
    },
    end: () => file.close().catch(() => {}),
  }
}

const MARK_BYTES = 16
