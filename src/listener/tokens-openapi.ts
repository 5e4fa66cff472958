import { z } from 'zod'
import type { TokenRoute } from './token-route.ts'
import { tokenSchemas } from './token-schemas.ts'

/** The OpenAPI 3.1 document of the tokens listener, made of the very routes that serve it. */
export function tokensOpenApi(routes: readonly TokenRoute[]): object {
  const paths = routes.map((route) => {
    const { path, variable, method } = route
    const name = variable === undefined ? path : `${path}/{${variable}}`
    return [name, { [method.toLowerCase()]: operationOf(route) }] as const
  })
  const schemas = Object.entries(tokenSchemas).map(([name, schema]) => {
    const { $schema: _, ...document } = z.toJSONSchema(schema)
    return [name, document] as const
  })
  return {
    openapi: '3.1.1',
    info: {
      title: 'Postern tokens API',
      version: '1',
      description: 'For clients, behind the TLS front end of the provider.',
    },
    paths: Object.fromEntries(paths),
    components: { schemas: Object.fromEntries(schemas) },
  }
}

function operationOf({ summary, variable, authorization, body, answer }: TokenRoute): object {
  const text = { type: 'string' }
  return {
    summary,
    parameters: [
      ...(variable === undefined
        ? []
        : [
            {
              name: variable,
              in: 'path',
              required: true,
              schema: text,
              description: VARIABLES[variable],
            },
          ]),
      ...(authorization === undefined
        ? []
        : [
            {
              name: 'Authorization',
              in: 'header',
              required: false,
              schema: text,
              description: authorization,
            },
          ]),
    ],
    ...(body !== undefined && { requestBody: { required: true, content: contentOf(body) } }),
    responses: {
      [answer.status]: { description: 'Done', content: contentOf(answer.body) },
      default: {
        description: 'A fault, by its code (docs/errors.md)',
        content: { 'application/problem+json': { schema: reference('Problem') } },
      },
    },
  }
}

function contentOf(body: NonNullable<TokenRoute['body']>): object {
  if (typeof body === 'string') return { 'application/json': { schema: reference(body) } }
  return Object.fromEntries(
    body.map((type) => [
      type,
      { schema: type.includes('json') ? { type: 'object' } : { type: 'string', format: 'binary' } },
    ]),
  )
}

function reference(name: string): object {
  return { $ref: `#/components/schemas/${name}` }
}

const VARIABLES = {
  room: 'The MIMI URI of the room, percent-encoded as one segment',
  provider: 'The domain of the client’s own provider',
}
