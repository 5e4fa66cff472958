/** Work of one name is done one after the other; of different names at once. */
export class Turns {
  private readonly last = new Map<string, Promise<unknown>>()

  /** Resolves or rejects as the work does; what failed before holds up nobody. */
  async run<Result>(name: string, work: () => Promise<Result>): Promise<Result> {
    const turn = (this.last.get(name) ?? Promise.resolve()).then(work)
    const ended = Promise.allSettled([turn])
    this.last.set(name, ended)
    try {
      return await turn
    } finally {
      if (this.last.get(name) === ended) this.last.delete(name)
    }
  }
}
