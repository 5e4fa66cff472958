/** Cuts a stream of bytes into HTTP/1.1 messages that say their length; just enough for a benchmark. */
export class HttpMessages {
  private readonly onMessage: (head: string, body: Buffer) => void
  private pending: Buffer = Buffer.alloc(0)

  constructor(onMessage: (head: string, body: Buffer) => void) {
    this.onMessage = onMessage
  }

  push(chunk: Buffer): void {
    let bytes = this.pending.length === 0 ? chunk : Buffer.concat([this.pending, chunk])
    for (;;) {
      const headEnd = bytes.indexOf(HEAD_END)
      if (headEnd === -1) break
      const head = bytes.toString('latin1', 0, headEnd)
      const end = headEnd + HEAD_END.length + contentLength(head)
      if (bytes.length < end) break
      this.onMessage(head, bytes.subarray(headEnd + HEAD_END.length, end))
      bytes = bytes.subarray(end)
    }
    this.pending = bytes
  }
}

function contentLength(head: string): number {
  const [, length] = /\r\ncontent-length: *(\d+)/i.exec(head) ?? []
  if (length !== undefined) return Number(length)
  if (/\r\ntransfer-encoding:/i.test(head)) throw new Error('an answer does not say its length')
  return 0
}

const HEAD_END = Buffer.from('\r\n\r\n')
