import type { IncomingMessage } from 'node:http'
import type { ListenerResponse } from '../model/handle.ts'
import type { TokenSchemaName } from './token-schemas.ts'

/** One row of the tokens listener, and of its OpenAPI document. */
export interface TokenRoute {
  readonly method: 'GET' | 'POST'
  /** Without a slash at its end. */
  readonly path: string
  /** A last segment behind the path. */
  readonly variable?: 'room' | 'provider'
  readonly summary: string
  readonly authorization?: string
  /** Media types of the body; JSON is by the name of its schema. */
  readonly body?: readonly string[] | TokenSchemaName
  readonly answer: { readonly status: number; readonly body: readonly string[] | TokenSchemaName }
  readonly run: (request: IncomingMessage, signal: AbortSignal) => Promise<ListenerResponse>
}
