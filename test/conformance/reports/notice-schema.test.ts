import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { isRestricted } from '../../../src/notices/category-rules.ts'
import { noticeMessageSchema } from '../../../src/notices/messages.ts'
import { vectorPath } from '../../support/vectors.ts'

const path = vectorPath('reports/internal/abuse-notice.schema.json')
const crosswalk = vectorPath('reports/taxonomy/crosswalk.csv')

const variant = z.object({
  properties: z
    .object({ type: z.object({ const: z.enum(['notice', 'answer', 'retract']) }) })
    .catchall(z.object({ enum: z.array(z.string()).optional() })),
  required: z.array(z.string()),
})

test.runIf(path !== undefined)(
  'each member of the schema is one of ours, with the same words',
  () => {
    const { oneOf, required } = z
      .object({ oneOf: z.array(variant), required: z.array(z.string()) })
      .parse(JSON.parse(readFileSync(path ?? '', 'utf8')))
    const ours = new Map<string, Readonly<Record<string, z.ZodType>>>(
      noticeMessageSchema.options.map(({ shape }) => [shape.type.value, shape]),
    )
    expect(oneOf).toHaveLength(3)
    for (const { properties, required: own } of oneOf) {
      const { type, ...members } = properties
      const shape = ours.get(type.const) ?? {}
      const common = required.filter((name) => name !== 'type')
      expect(Object.keys(shape).toSorted()).toEqual(
        [...new Set(['type', ...common, ...Object.keys(members)])].toSorted(),
      )
      for (const name of [...common, ...own])
        expect([name, shape[name]?.safeParse(undefined).success]).toEqual([name, false])
      for (const [name, { enum: words = [] }] of Object.entries(members))
        for (const word of words)
          expect([name, word, shape[name]?.safeParse(word).success]).toEqual([name, word, true])
    }
  },
)

test.runIf(crosswalk !== undefined)('restricted categories are those of the crosswalk', () => {
  const [head = '', ...lines] = readFileSync(crosswalk ?? '', 'utf8')
    .trim()
    .split('\n')
  const column = head.split(',').indexOf('restricted_routing')
  for (const line of lines.filter((each) => each.includes(','))) {
    const fields = [...line.matchAll(/("[^"]*"|[^,]*)(,|$)/g)].map(([, field = '']) => field)
    const code = fields[0] ?? ''
    expect([code, isRestricted(code)]).toEqual([code, fields[column] === 'yes'])
  }
})
