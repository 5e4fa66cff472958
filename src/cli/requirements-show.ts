import { requirementsPage } from '../metadata/requirements/page.ts'
import { openDocument, type SignedDocument } from '../metadata/requirements/signed-document.ts'
import { mimiAdapter } from '../protocols/mimi/adapter.ts'
import { UsageError, type Command } from './command.ts'
import { connectControl } from './connect-control.ts'
import { ControlError } from './control-error.ts'
import { controlOptions, expectPositionals, readOptions } from './options.ts'
import { everybodysSuites } from './requirements-input.ts'
import { requirementsText } from './requirements-text.ts'

export const requirementsShowCommand: Command = {
  name: 'requirements show',
  summary: 'show the metadata requirements that a running server publishes',
  usage: `[--json | --jws | --page] [--config FILE | --socket PATH]

  --json  the document
  --jws   the signed document, as other providers get it
  --page  the page for people, HTML`,
  run: async (args, environment) => {
    const { values, positionals } = readOptions(args, {
      ...controlOptions,
      jws: { type: 'boolean', default: false },
      page: { type: 'boolean', default: false },
    })
    expectPositionals(positionals, [])
    if ([values.json, values.jws, values.page].filter(Boolean).length > 1)
      throw new UsageError('expected one of --json, --jws and --page')
    await using client = await connectControl(values, environment)
    const signed = opened((await client.requirements.own()).jws)
    if (values.jws) environment.out(`${signed.jws}\n`)
    else if (values.json) environment.out(`${JSON.stringify(signed.document, undefined, 2)}\n`)
    else if (values.page) environment.out(pageOf(signed))
    else environment.out(requirementsText(signed))
    return 0
  },
}

/** A document that our own server gave. Throws `ControlError`. */
export function opened(jws: string): SignedDocument {
  const outcome = openDocument(Buffer.from(jws))
  if (outcome.kind === 'malformed') throw new ControlError('unexpected-answer')
  return outcome.signed
}

function pageOf(signed: SignedDocument): string {
  const { declarations } = mimiAdapter
  return requirementsPage({ signed, builtIn: everybodysSuites(), declarations })
}
