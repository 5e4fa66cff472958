import { z } from 'zod'
import { oneOf } from './fields.ts'

const kinds = ['embedded', 'postgres'] as const
const expectedUrl = 'expected a URL such as `postgres://user@host:5432/database`'

/** Where it is kept which Privacy Pass tokens were spent. */
export const spentTokensSchema = z
  .strictObject({
    kind: oneOf(kinds)
      .default('embedded')
      .describe(
        'Where they are kept: in files of the data directory, which one gateway can use, or in PostgreSQL, which any number can share.',
      ),
    url: z
      .string(expectedUrl)
      .max(4_096, expectedUrl)
      .regex(/^postgres(ql)?:\/\/\S+$/, expectedUrl)
      .optional()
      .describe('Of the database, for `postgres` only. Tables are made in the schema `postern`.'),
  })
  .refine(
    ({ kind, url }) => (kind === 'postgres') === (url !== undefined),
    'expected `url` where `kind` is `postgres`, and nowhere else',
  )

export type SpentTokensConfig =
  /** Absolute path. */
  | { readonly kind: 'embedded'; readonly directory: string }
  | { readonly kind: 'postgres'; readonly url: string }

/** With the directory that the embedded store has. */
export function spentTokensConfig(
  { url }: z.infer<typeof spentTokensSchema>,
  directory: string,
): SpentTokensConfig {
  return url === undefined ? { kind: 'embedded', directory } : { kind: 'postgres', url }
}
