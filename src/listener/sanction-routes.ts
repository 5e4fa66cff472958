import { parseSanctionId } from '../model/sanctions.ts'
import type { InternalHandlers } from './internal-handlers.ts'
import {
  INTERNAL_PREFIX,
  json,
  parseJson,
  wholeNumber,
  type InternalRoute,
} from './internal-route.ts'
import { internalSchemas } from './internal-schemas.ts'

/** Sanctions on their way to our delivery service, and what it has done about them. docs/sanctions.md */
export function sanctionRoutes(handlers: InternalHandlers): readonly InternalRoute[] {
  const path = `${INTERNAL_PREFIX}/sanctions`
  return [
    {
      method: 'GET',
      path,
      summary: 'Sanctions that our delivery service must apply, the oldest first, or the next one',
      query: [
        { name: 'after', required: false },
        { name: 'waitMs', required: false },
      ],
      bodyBytesMax: 0,
      answer: { status: '200', body: 'Sanctions' },
      run: async ({ query, context }) => {
        const after = wholeNumber(query.get('after') ?? '0', Number.MAX_SAFE_INTEGER)
        const waitMs = wholeNumber(query.get('waitMs') ?? '0', WAIT_MS_MAX)
        const { signal } = context
        return json(200, { sanctions: await handlers.sanctions({ after, waitMs, signal }) })
      },
    },
    {
      method: 'POST',
      path,
      variable: 'id',
      suffix: '/result',
      summary: 'What our delivery service has done about a sanction',
      body: 'SanctionResult',
      bodyBytesMax: RESULT_BYTES_MAX,
      answer: { status: '200', body: 'SanctionResult' },
      run: async ({ target, bytes }) => {
        const { result, dropped } = parseJson(internalSchemas.SanctionResult, bytes)
        await handlers.sanctionResult({ id: parseSanctionId(target), result, dropped })
        return json(200, { result, dropped })
      },
    },
  ]
}

/** Shorter than what proxies and clients cut off. */
const WAIT_MS_MAX = 25_000
const RESULT_BYTES_MAX = 4_096
