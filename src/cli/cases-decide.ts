import type { z } from 'zod'
import { formSchema } from '../admin/cases-api.ts'
import { ACTOR_USAGE, actorOf, actorOptions, readText } from './case-options.ts'
import { bulkText, caseText } from './case-text.ts'
import { UsageError, type Command } from './command.ts'
import { connectControl } from './connect-control.ts'
import { readOptions } from './options.ts'

export const casesDecideCommand: Command = {
  name: 'cases decide',
  summary: 'decide a case that you hold, or many at once',
  usage: `ID... --as NAME [--mfa] (--form FILE | --outcome OUTCOME --category CATEGORY --facts TEXT
    [--law REFERENCE | --terms REFERENCE] [--why TEXT] [--public-why TEXT] [--ban] [--retract] [--limit DIVISOR:DAYS]
    [--label LABEL:DAYS] [--strike TAG:SEVERITY]) [--preview] [--json] [--config FILE | --socket PATH]

${ACTOR_USAGE}
  --form FILE  the decision as JSON, as docs/moderation.md describes it; - for standard input
  --outcome    action, no-action, not-verified or unfounded
  --facts      what was found: it becomes part of the statement of reasons
  --law, --terms, --why  what it breaks, and why
  --public-why  why, for the public: without names and quotations (docs/exports.md)
  --preview    show what it would do, and do nothing

More than one ID decides them all alike: each is claimed first, and one undo takes all of it back.
Exit code 1 when a case could not be decided.`,
  run: async (args, environment) => {
    const { out } = environment
    const { values, positionals } = readOptions(args, OPTIONS)
    if (positionals.length === 0) throw new UsageError('expected <ID>')
    const form = await readForm(values, environment)
    const actor = actorOf(values)
    await using client = await connectControl(values, environment)
    const [only = '', ...others] = positionals
    if (others.length === 0 && !values.preview) {
      const detail = await client.cases.decide(only, { ...actor, form })
      out(values.json ? `${JSON.stringify(detail)}\n` : caseText(detail))
      return 0
    }
    const { preview } = values
    const done = await client.cases.bulk({ ...actor, cases: positionals, form, preview })
    out(values.json ? `${JSON.stringify(done)}\n` : bulkText(done))
    return done.lines.every(({ result }) => typeof result === 'string') ? 0 : 1
  },
}

const text = { type: 'string' } as const
const flag = { type: 'boolean', default: false } as const
const OPTIONS = {
  ...actorOptions,
  form: text,
  outcome: text,
  category: text,
  facts: text,
  law: text,
  terms: text,
  why: { ...text, default: '' },
  'public-why': text,
  ban: flag,
  retract: flag,
  limit: text,
  label: text,
  strike: text,
  preview: flag,
} as const

type Values = ReturnType<typeof readOptions<typeof OPTIONS>>['values']
type Form = z.input<typeof formSchema>

/** Throws `UsageError`. */
async function readForm(
  values: Values,
  environment: Parameters<typeof readText>[1],
): Promise<Form> {
  const written: unknown =
    values.form === undefined
      ? formOfOptions(values)
      : parseJson(await readText(values.form, environment))
  const outcome = formSchema.safeParse(written)
  if (outcome.success) return outcome.data
  const [issue] = outcome.error.issues
  throw new UsageError(`the decision is not complete: ${issue?.path.join('.') ?? ''}`)
}

function formOfOptions(values: Values): unknown {
  const { outcome, category, facts, law, terms, why, 'public-why': publicWhy } = values
  const reference = law ?? terms
  return {
    outcome,
    category,
    facts,
    ...(reference !== undefined && {
      ground: {
        kind: law === undefined ? 'terms' : 'law',
        reference,
        explanation: why,
        ...(publicWhy !== undefined && { publicExplanation: publicWhy }),
      },
    }),
    actions: actionsOf(values),
  }
}

function actionsOf({ ban, retract, limit, label, strike }: Values): readonly unknown[] {
  const [divisor, limitDays] = (limit ?? '').split(':')
  const [name, labelDays] = (label ?? '').split(':')
  const [frankingTag, severity] = (strike ?? '').split(':')
  return [
    ...(ban ? [{ kind: 'ban' }] : []),
    ...(retract ? [{ kind: 'retract' }] : []),
    ...(limit === undefined
      ? []
      : [{ kind: 'limit', divisor: Number(divisor), days: Number(limitDays) }]),
    ...(label === undefined ? [] : [{ kind: 'label', label: name, days: Number(labelDays) }]),
    ...(strike === undefined ? [] : [{ kind: 'strike', frankingTag, severity }]),
  ]
}

function parseJson(written: string): unknown {
  try {
    return JSON.parse(written)
  } catch (cause) {
    throw new UsageError('expected JSON in --form', { cause })
  }
}
