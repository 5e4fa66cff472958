import { DatabaseSync, type StatementSync } from 'node:sqlite'
import { parentPort, workerData } from 'node:worker_threads'
import { readBatch } from './batch.ts'
import { commitBatch } from './commit.ts'
import type { WriterData, WriterMessage, WriterReply } from './writer-messages.ts'

// The worker thread that owns the only writing connection: it may wait for the disk, the event loop may not.

const port = parentPort
if (port === null) throw new Error('the writer runs as a worker thread')

const { path, busyTimeoutMs }: WriterData = workerData
const database = new DatabaseSync(path, { timeout: busyTimeoutMs })
database.exec('PRAGMA synchronous = FULL; PRAGMA secure_delete = ON; PRAGMA foreign_keys = ON')
// 16 MiB of log instead of 4: pages that change often go to the file less often, with fewer syncs.
database.exec('PRAGMA wal_autocheckpoint = 4000')

const texts: string[] = []
const statements: StatementSync[] = []

function compile(text: number): StatementSync {
  return (statements[text] ??= database.prepare(texts[text] ?? ''))
}

port.on('message', (message: WriterMessage) => {
  if (message.kind === 'close') {
    database.close()
    port.close()
    return
  }
  texts.push(...message.newTexts)
  const outcomes = commitBatch(database, compile, readBatch(message.bytes, message.units))
  const reply: WriterReply = { outcomes, bytes: message.bytes }
  port.postMessage(reply, [message.bytes])
})
