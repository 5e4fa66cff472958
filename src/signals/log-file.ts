import { pino, type DestinationStream } from 'pino'

/** Writes lines to a file descriptor without waiting; disposing it writes what is left. */
export function openLogFile(descriptor: number): DestinationStream & Disposable {
  const destination = pino.destination({ fd: descriptor, sync: false })
  return {
    write: (line) => void destination.write(line),
    [Symbol.dispose]: () => destination.flushSync(),
  }
}
