export interface StopSignals extends Disposable {
  /** Resolves to the exit code when we are asked to stop: 1 after a fault that nothing caught. */
  readonly asked: Promise<0 | 1>
  /** Aborts when we are asked again: whoever waits stops waiting. */
  readonly again: AbortSignal
}

/** Listens to SIGTERM and SIGINT, and to faults that nothing caught, which `onFault` gets first. */
export function stopSignals(onFault: (fault: unknown) => void): StopSignals {
  const again = new AbortController()
  const { promise: asked, resolve } = Promise.withResolvers<0 | 1>()
  let stopping = false
  const stop = (exitCode: 0 | 1) => {
    if (stopping) again.abort()
    stopping = true
    resolve(exitCode)
  }
  const onSignal = () => stop(0)
  // State after such a fault is not to be trusted: end in order, and let the supervisor start anew.
  const onUncaught = (fault: unknown) => {
    onFault(fault)
    stop(1)
  }
  process.on('SIGTERM', onSignal)
  process.on('SIGINT', onSignal)
  process.on('uncaughtException', onUncaught)
  process.on('unhandledRejection', onUncaught)
  return {
    asked,
    again: again.signal,
    [Symbol.dispose]: () => {
      process.off('SIGTERM', onSignal)
      process.off('SIGINT', onSignal)
      process.off('uncaughtException', onUncaught)
      process.off('unhandledRejection', onUncaught)
    },
  }
}
