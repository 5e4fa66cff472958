import { z } from 'zod'
import { configurationJsonSchema } from './parse.ts'

/** `docs/configuration.md`'s table: every key with its default and what it means. */
export function configurationReference(): string {
  const lines: string[] = ['| key | default | meaning |', '|---|---|---|']
  const visit = (schema: Described, path: string, required: boolean) => {
    const inner = Object.entries(schema.properties ?? {})
    const isMap = typeof schema.additionalProperties === 'object'
    const shown = inner.length > 0 || isMap ? '' : defaultOf(schema, required)
    if (path !== '')
      lines.push(`| \`${path}\` | ${shown} | ${schema.description ?? ''}${choices(schema)} |`)
    for (const [name, value] of inner)
      visit(value, path === '' ? name : `${path}.${name}`, schema.required?.includes(name) === true)
    if (typeof schema.additionalProperties === 'object') {
      const { properties = {}, required: names = [] } = schema.additionalProperties
      for (const [name, value] of Object.entries(properties))
        visit(value, `${path}.<domain>.${name}`, names.includes(name))
    }
  }
  visit(describedSchema.parse(configurationJsonSchema()), '', false)
  return `${lines.join('\n')}\n`
}

function defaultOf(schema: Described, required: boolean): string {
  if (schema.default !== undefined)
    return `\`${JSON.stringify(schema.default).replaceAll('"', '')}\``
  return required ? '**required**' : '–'
}

function choices({ enum: own, items }: Described): string {
  const names = own ?? items?.enum
  if (names === undefined) return ''
  return ` ${own === undefined ? 'Any' : 'One'} of ${names.join(', ')}.`
}

interface Described {
  readonly description?: string | undefined
  readonly default?: unknown
  readonly required?: string[] | undefined
  readonly enum?: string[] | undefined
  readonly items?: Described | undefined
  readonly properties?: Record<string, Described> | undefined
  readonly additionalProperties?: Described | boolean | undefined
}

const describedSchema: z.ZodType<Described> = z.lazy(() =>
  z.object({
    description: z.string().optional(),
    default: z.unknown().optional(),
    required: z.array(z.string()).optional(),
    enum: z.array(z.string()).optional(),
    items: describedSchema.optional(),
    properties: z.record(z.string(), describedSchema).optional(),
    additionalProperties: z.union([z.boolean(), describedSchema]).optional(),
  }),
)
