import type { WriteLines } from '../signals/json-lines.ts'
import type { Receiver } from './feed.ts'
import { ocsfEvent, type OcsfSource } from './ocsf.ts'

/** Writes events as JSON lines; what cannot be written waits on the disk. */
export function siemReceiver(write: WriteLines, source: OcsfSource): Receiver {
  return {
    batchMax: 256,
    deliver: async (batch) => {
      await write(batch.map((happening) => ocsfEvent(happening, source)))
      return { status: 200 }
    },
    close: () => Promise.resolve(),
  }
}
