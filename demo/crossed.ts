import { operations, type Operation } from '../src/model/exchange.ts'
import type { Crossing } from './recording.ts'

/** The operation that a crossing's path names; undefined for anything else, such as the directory. */
export function operationOf({ path, method }: Crossing): Operation | undefined {
  const [, name = ''] = path.split('/')
  return method === 'POST' ? operations.find((operation) => operation === name) : undefined
}

/** What stands in the path after the operation: a URI in either encoding, or a domain. */
export function targetOf({ path }: Crossing): string {
  const [, , ...rest] = path.split('/')
  const text = decodeURIComponent(rest.join('/'))
  return text.includes('/') && !text.startsWith('mimi://') ? `mimi://${text}` : text
}

/** Whether the other side did what it was asked. */
export function isDone({ answer }: Crossing): boolean {
  return answer !== undefined && answer.status >= 200 && answer.status < 300
}

/** The domain of a MIMI URI. */
export function domainOf(uri: string): string {
  return uri.split('/')[2] ?? ''
}
