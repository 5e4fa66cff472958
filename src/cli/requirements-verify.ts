import { judgeChain } from '../metadata/requirements/chain.ts'
import type { SignedDocument } from '../metadata/requirements/signed-document.ts'
import { UsageError, type Command, type CommandEnvironment, type ExitCode } from './command.ts'
import { connectControl } from './connect-control.ts'
import { controlOptions, expectPositionals, readOptions } from './options.ts'
import { providerOf, readDocumentFile } from './requirements-input.ts'
import { opened } from './requirements-show.ts'
import { requirementsText } from './requirements-text.ts'

export const requirementsVerifyCommand: Command = {
  name: 'requirements verify',
  summary: 'judge the requirements document of a provider',
  usage: `URL|DOMAIN|FILE [--after FILE]... [--json] [--config FILE | --socket PATH]

A file holds a document as it is published: a JWS in compact form. It is judged alone, or as the
successor of the documents of --after, the oldest first. What a URL or a domain publishes is fetched
by a running server, with its certificate, and judged against what it holds; nothing is kept.

  --after FILE  a document before it; may be given several times

Exit code 1 when it is refused, 2 when it is no document at all.`,
  run: async (args, environment) => {
    const { values, positionals } = readOptions(args, {
      ...controlOptions,
      after: { type: 'string', multiple: true, default: [] },
    })
    expectPositionals(positionals, ['URL|DOMAIN|FILE'])
    const [target = ''] = positionals
    const report = reporter(environment, values.json)
    const file = await readDocumentFile(target)
    if (file?.kind === 'malformed') return report(file.reason, undefined, 2)
    if (file !== undefined) {
      const before: SignedDocument[] = []
      for (const path of values.after) {
        const earlier = await readDocumentFile(path)
        if (earlier?.kind !== 'opened') throw new UsageError('expected --after to name a document')
        before.push(earlier.signed)
      }
      const { provider } = file.signed.document
      const chain = [...before, file.signed]
      const { verdict } = judgeChain({ provider, accepted: [] }, chain, environment.clock())
      return report(verdict.kind, file.signed, verdict.kind === 'accepted' ? 0 : 1)
    }
    const provider = providerOf(target)
    if (provider === undefined) throw new UsageError('expected a file, an https URL or a domain')
    await using client = await connectControl(values, environment)
    const { verdict, jws } = await client.requirements.check(provider)
    const good = verdict === 'accepted' || verdict === 'unchanged'
    return report(verdict, jws === undefined ? undefined : opened(jws), good ? 0 : 1)
  },
}

function reporter({ out, err }: CommandEnvironment, json: boolean) {
  return (verdict: string, signed: SignedDocument | undefined, exitCode: ExitCode): ExitCode => {
    if (json) out(`${JSON.stringify({ verdict, document: signed?.document })}\n`)
    else if (exitCode === 0)
      out(`${verdict}\n${signed === undefined ? '' : requirementsText(signed)}`)
    else err(`${verdict}\n`)
    return exitCode
  }
}
