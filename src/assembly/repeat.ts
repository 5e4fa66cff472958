/** Does the work now and every so often until it is disposed of; it keeps no process alive. The work never rejects. */
export function repeat(work: () => Promise<void>, everyMs: number): Disposable {
  const timer = setInterval(() => void work(), everyMs)
  timer.unref()
  void work()
  return { [Symbol.dispose]: () => clearInterval(timer) }
}
