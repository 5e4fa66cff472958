import { join } from 'node:path'
import { Agent, request } from 'undici'
import { onTestFinished } from 'vitest'
import { startControlSocket } from '../../src/admin/control-socket.ts'
import { createLog } from '../../src/signals/log.ts'
import { openCases, type Cases } from './cases.ts'
import { exportDesk, type ExportDeskChange } from './exports.ts'
import { controlHandlers } from './control-handlers.ts'
import { tempDir } from './temp-dir.ts'

/** A control socket in front of a case desk. */
export interface CaseServer extends Cases {
  /** The options that lead a command to it. */
  readonly socket: readonly string[]
  readonly call: (path: string, body?: object) => Promise<Answer>
}

interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, unknown>>
  readonly text: string
  readonly json: Readonly<Record<string, unknown>>
}

export async function caseServer(
  change: Parameters<typeof openCases>[0] = {},
  exported: ExportDeskChange = {},
): Promise<CaseServer> {
  const cases = await openCases(change)
  const path = join(tempDir(), 'c.sock')
  const log = createLog('silent', { write: () => {} })
  const server = await startControlSocket({
    path,
    handlers: controlHandlers(),
    cases: cases.desk,
    exports: exportDesk(cases, exported),
    log,
  })
  const dispatcher = new Agent({ connect: { socketPath: path } })
  onTestFinished(async () => {
    await dispatcher.close()
    await server[Symbol.asyncDispose]()
  })
  return {
    ...cases,
    socket: ['--socket', path],
    call: async (target, body) => {
      const {
        statusCode,
        headers,
        body: answer,
      } = await request(`http://control${target}`, {
        dispatcher,
        method: body === undefined ? 'GET' : 'POST',
        ...(body !== undefined && {
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify(body),
        }),
      })
      const text = await answer.text()
      return { status: statusCode, headers, text, json: JSON.parse(text) }
    },
  }
}
