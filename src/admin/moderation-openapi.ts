import { z } from 'zod'
import { caseRoutes } from './cases-routes.ts'
import { idPattern, type ControlRoute } from './control-route.ts'
import { exportRoutes } from './exports-routes.ts'
import { noticeRoutes } from './notices-routes.ts'
import { reportRoutes } from './reports-routes.ts'
import { sanctionRoutes } from './sanctions-routes.ts'
import { webhookRoutes } from './webhooks-routes.ts'

const routes = [
  ...reportRoutes,
  ...caseRoutes,
  ...noticeRoutes,
  ...sanctionRoutes,
  ...webhookRoutes,
  ...exportRoutes,
]

/** The OpenAPI 3.1 document of all about moderation, made of the very routes that serve them. */
export function moderationOpenApi(): object {
  const paths: Record<string, Record<string, object>> = {}
  for (const route of routes) {
    const path = route.path.replace(':id', '{id}')
    paths[path] = { ...paths[path], [route.method.toLowerCase()]: operationOf(route) }
  }
  return {
    openapi: '3.1.1',
    info: {
      title: 'Postern moderation API',
      version: '1',
      description:
        'Reports, cases, appeals, notices, sanctions, webhooks and exports, over the control socket. Whoever can open the socket says who acts, and answers for it.',
    },
    paths,
    components: { schemas: { Problem: PROBLEM } },
  }
}

type Documented = Omit<ControlRoute<never>, 'run'>

function operationOf({ path, summary, query, body, answer }: Documented): object {
  const parameters = [
    ...(path.includes(':id') ? [ID] : []),
    ...(query === undefined ? [] : queryParameters(query)),
  ]
  return {
    summary,
    parameters,
    ...(body !== undefined && {
      requestBody: { required: true, content: json(schemaOf(body, 'input')) },
    }),
    responses: {
      '200': { description: 'Done', content: json(schemaOf(answer, 'output')) },
      default: {
        description: 'A fault, by its code (docs/errors.md)',
        content: { 'application/problem+json': { schema: REFERENCE } },
      },
    },
  }
}

function queryParameters(query: z.ZodType): readonly object[] {
  const { properties, required } = objectSchema.parse(schemaOf(query, 'input'))
  return Object.entries(properties).map(([name, schema]) => ({
    name,
    in: 'query',
    required: required.includes(name),
    schema,
  }))
}

function schemaOf(schema: z.ZodType, io: 'input' | 'output'): object {
  const { $schema: _, ...document } = z.toJSONSchema(schema, { io, unrepresentable: 'any' })
  return document
}

function json(schema: object): object {
  return { 'application/json': { schema } }
}

const objectSchema = z.object({
  properties: z.record(z.string(), z.unknown()),
  required: z.array(z.string()).default([]),
})
const ID = {
  name: 'id',
  in: 'path',
  required: true,
  schema: { type: 'string', pattern: idPattern.source },
}
const REFERENCE = { $ref: '#/components/schemas/Problem' }
/** RFC 9457 */
const PROBLEM = {
  type: 'object',
  required: ['type', 'title', 'status', 'code'],
  properties: {
    type: { type: 'string' },
    title: { type: 'string' },
    status: { type: 'integer' },
    code: { type: 'string' },
    facts: { type: 'object' },
  },
}
