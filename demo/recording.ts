/** One request between two providers and its answer, octet for octet as both crossed the wire. */
export interface Crossing {
  /** From 0, in the order in which requests arrived at a tap. */
  readonly index: number
  /** The provider whose certificate the caller showed. */
  readonly from: string
  readonly to: string
  readonly method: string
  /** As it was sent. */
  readonly path: string
  /** Name, value, name, value, as they were sent. */
  readonly headers: readonly string[]
  readonly body: Buffer
  /** Undefined until the answer is there. */
  answer: CrossedAnswer | undefined
}

export interface CrossedAnswer {
  readonly status: number
  readonly headers: readonly string[]
  readonly body: Buffer
}

/** All that the taps have seen. */
export class Recording {
  readonly crossings: Crossing[] = []
  private idle: (() => void)[] = []
  private open = 0

  begin(request: Omit<Crossing, 'index' | 'answer'>): Crossing {
    const crossing = { ...request, index: this.crossings.length, answer: undefined }
    this.crossings.push(crossing)
    this.open += 1
    return crossing
  }

  end(crossing: Crossing, answer: CrossedAnswer | undefined): void {
    crossing.answer = answer
    this.open -= 1
    if (this.open > 0) return
    for (const resume of this.idle) resume()
    this.idle = []
  }

  /** Resolves when nothing is under way. */
  async settled(): Promise<void> {
    if (this.open > 0) await new Promise<void>((resume) => this.idle.push(resume))
  }
}

/** The value of a header, its name in lower case. */
export function headerOf(headers: readonly string[], name: string): string | undefined {
  const at = headers.findIndex((text, index) => index % 2 === 0 && text.toLowerCase() === name)
  return at === -1 ? undefined : headers[at + 1]
}
