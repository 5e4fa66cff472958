import { z } from 'zod'
import { INTERNAL_PREFIX, type InternalRoute } from './internal-route.ts'
import { internalSchemas } from './internal-schemas.ts'

/** The OpenAPI 3.1 document of the internal listener, made of the very routes that serve it. */
export function internalOpenApi(routes: readonly InternalRoute[]): object {
  const paths: Record<string, Record<string, object>> = {}
  for (const route of routes) {
    const { variable, suffix = '' } = route
    const path = variable === undefined ? route.path : `${route.path}/{${variable}}${suffix}`
    paths[path] = { ...paths[path], [route.method.toLowerCase()]: operationOf(route) }
  }
  return {
    openapi: '3.1.1',
    info: {
      title: 'Postern internal API',
      version: '1',
      description: 'From the delivery service to its gateway, on loopback or a Unix socket.',
    },
    paths: {
      ...paths,
      [`${INTERNAL_PREFIX}/openapi.json`]: documentOperation('This document', { type: 'object' }),
      '/healthz': documentOperation('Whether the gateway answers', reference('Health')),
    },
    components: { schemas: schemaDocuments() },
  }
}

function documentOperation(summary: string, schema: object): object {
  const responses = { '200': { description: 'Done', content: jsonContent(schema) } }
  return { get: { summary, responses } }
}

function operationOf(route: InternalRoute): object {
  const { summary, answer, body } = route
  const content = {
    ...(answer.body === 'octets' ? OCTETS : jsonContent(reference(answer.body))),
    ...(answer.page === true && { 'text/html': { schema: { type: 'string' } } }),
  }
  return {
    summary,
    parameters: parametersOf(route),
    ...(body === undefined
      ? {}
      : {
          requestBody: {
            required: true,
            content: body === 'octets' ? OCTETS : jsonContent(reference(body)),
          },
        }),
    responses: {
      [answer.status]: { description: 'Done', content },
      default: {
        description: 'A fault, by its code (docs/errors.md)',
        content: { 'application/problem+json': { schema: reference('Problem') } },
      },
    },
  }
}

function parametersOf({ variable, query = [], header, method }: InternalRoute): readonly object[] {
  const text = { type: 'string' }
  return [
    ...(variable === undefined
      ? []
      : [{ name: variable, in: 'path', required: true, schema: text, description: PATH_VARIABLE }]),
    ...query.map(({ name, required, text: isText }) => ({
      name,
      in: 'query',
      required,
      schema: isText === true ? text : { type: 'integer', minimum: 0 },
    })),
    ...(header === undefined ? [] : [{ ...header, in: 'header', required: false, schema: text }]),
    ...(method === 'GET'
      ? []
      : [
          {
            name: 'Postern-Request-Id',
            in: 'header',
            required: false,
            schema: REQUEST_ID,
            description: IDEMPOTENCY,
          },
        ]),
  ]
}

function schemaDocuments(): object {
  const documents = Object.entries(internalSchemas).map(([name, schema]) => {
    const { $schema: _, ...document } = z.toJSONSchema(schema)
    return [name, document]
  })
  return Object.fromEntries(documents)
}

function reference(name: string): object {
  return { $ref: `#/components/schemas/${name}` }
}

function jsonContent(schema: object): object {
  return { 'application/json': { schema } }
}

const OCTETS = { 'application/octet-stream': { schema: { type: 'string', format: 'binary' } } }
const PATH_VARIABLE = 'The MIMI URI, the domain or the URL, percent-encoded as one segment'
const REQUEST_ID = { type: 'string', pattern: '^[A-Za-z0-9._:-]{1,64}$' }
const IDEMPOTENCY =
  'Repeating a request with the same id within 24 hours gives the same answer and does nothing twice'
