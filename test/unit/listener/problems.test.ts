import { format } from 'prettier'
import { expect, test } from 'vitest'
import { internalOpenApi } from '../../../src/listener/internal-openapi.ts'
import { internalRoutes } from '../../../src/listener/internal-routes.ts'
import { problemResponse, problems } from '../../../src/listener/problems.ts'
import { GatewayError, type ErrorCode } from '../../../src/model/errors.ts'
import {
  echoHandlers,
  internalTable,
  internalRequest,
  startInternalListener,
} from '../../support/internal-listener.ts'
import { prettierOptions } from '../../support/prettier-options.ts'

test('docs/errors.md is the table of problems (update with: vitest -u)', async () => {
  const rows = Object.entries(problems).map(
    ([code, { status, title }]) => `| \`${code}\` | ${status} | ${title} |`,
  )
  const page = [
    '# Errors',
    '',
    'Every fault is answered with an RFC 9457 problem (`application/problem+json`): `type` is',
    '`urn:postern:error:` and the code; `status`, `title` and `code` are those of this table, which is kept',
    'equal to `src/listener/problems.ts` by a test. `facts` holds counts and limits, never what a request',
    'said. 429 and 503 carry `Retry-After`, others where it is known. A peer sees a problem only where the',
    'protocol has no answer of its own for the case.',
    '',
    '| Code | Status | Meaning |',
    '| --- | --- | --- |',
    ...rows,
    '',
  ].join('\n')
  const text = await format(page, { ...prettierOptions, parser: 'markdown' })
  await expect(text).toMatchFileSnapshot('../../../docs/errors.md')
})

test('docs/internal-api.openapi.json is the document that is served (update with: vitest -u)', async () => {
  const document = internalOpenApi(internalRoutes(echoHandlers, internalTable))
  const text = await format(JSON.stringify(document), { ...prettierOptions, parser: 'json' })
  await expect(text).toMatchFileSnapshot('../../../docs/internal-api.openapi.json')
})

test('every path and method of the OpenAPI document is served', async () => {
  const { port } = await startInternalListener()
  const served = await internalRequest({ port, method: 'GET', path: '/internal/v1/openapi.json' })
  const { paths } = JSON.parse(served.text) as { paths: Record<string, Record<string, object>> }
  expect(Object.keys(paths)).toHaveLength(internalTable.length + 14)
  for (const [path, methods] of Object.entries(paths))
    for (const method of Object.keys(methods)) {
      const filled = path.replace(/\{\w+\}/, encodeURIComponent('mimi://a.example/r/lobby'))
      const reply = await internalRequest({ port, method: method.toUpperCase(), path: filled })
      expect(reply.text, `${method} ${path}`).not.toMatch(/"(not-found|method-not-allowed)"/)
    }
})

test('a problem shows facts below 500 only, and never what an unknown error says', () => {
  const limited = problemResponse(new GatewayError('rate-limited', { facts: { limit: 3 } }))
  expect(JSON.parse(limited.bytes.toString())).toMatchObject({
    code: 'rate-limited',
    facts: { limit: 3 },
  })
  const upstream = problemResponse(new GatewayError('upstream-invalid', { facts: { at: 3 } }))
  expect(upstream.bytes.toString()).not.toContain('facts')
  for (const fault of [new Error('secret'), 'secret', undefined, { code: 'rate-limited' }])
    expect(problemResponse(fault)).toMatchObject({ status: 500, retryAfterSeconds: undefined })
})

test('Retry-After is whole seconds, rounded up, and always there for 429 and 503', () => {
  expect(seconds('rate-limited', 1)).toBe(1)
  expect(seconds('rate-limited', 1_001)).toBe(2)
  expect([seconds('rate-limited'), seconds('draining'), seconds('not-found')]).toEqual([
    5,
    5,
    undefined,
  ])
  expect(seconds('peer-unreachable', 3_000)).toBe(3)
})

function seconds(code: ErrorCode, retryAfterMs?: number): number | undefined {
  const details = retryAfterMs === undefined ? {} : { retryAfterMs }
  return problemResponse(new GatewayError(code, details)).retryAfterSeconds
}
