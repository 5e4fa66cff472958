export interface Hangups extends Disposable {
  /** What a hangup does from now on; those that came before anything did are made up for, once. */
  handle(act: () => void): void
}

/** Listens to SIGHUP, which would end the process wherever nobody does. */
export function hangups(): Hangups {
  let act: (() => void) | undefined
  let isDue = false
  const onHangup = () => {
    if (act === undefined) isDue = true
    else act()
  }
  process.on('SIGHUP', onHangup)
  return {
    handle: (next) => {
      act = next
      if (isDue) next()
      isDue = false
    },
    [Symbol.dispose]: () => {
      process.off('SIGHUP', onHangup)
    },
  }
}
