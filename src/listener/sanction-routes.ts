import { parseSanctionId } from '../model/sanctions.ts'
import type { InternalHandlers } from './internal-handlers.ts'
import { INTERNAL_PREFIX, json, parseJson, type InternalRoute } from './internal-route.ts'
import { internalSchemas } from './internal-schemas.ts'
import { nextQuery, nextQuestion } from './next-question.ts'

/** Sanctions on their way to our delivery service, and what it has done about them. docs/sanctions.md */
export function sanctionRoutes(handlers: InternalHandlers): readonly InternalRoute[] {
  const path = `${INTERNAL_PREFIX}/sanctions`
  return [
    {
      method: 'GET',
      path,
      summary: 'Sanctions that our delivery service must apply, the oldest first, or the next one',
      query: nextQuery,
      bodyBytesMax: 0,
      answer: { status: '200', body: 'Sanctions' },
      run: async (input) => json(200, { sanctions: await handlers.sanctions(nextQuestion(input)) }),
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

const RESULT_BYTES_MAX = 4_096
