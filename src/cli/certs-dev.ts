import { resolve } from 'node:path'
import { UsageError, type Command } from './command.ts'
import { expectPositionals, readOptions } from './options.ts'

export const certsDevCommand: Command = {
  name: 'certs dev',
  summary: 'make a development CA and certificates of providers',
  usage: `--out DIR --domain a.example [--domain b.example …]

  --out DIR        where the files go; what is there and valid is kept
  --domain DOMAIN  a provider; repeat it for more

The authority's key lies beside its certificate: for development only.`,
  run: async (args, { clock, out }) => {
    const { values, positionals } = readOptions(args, {
      out: { type: 'string' },
      domain: { type: 'string', multiple: true },
    })
    expectPositionals(positionals, [])
    if (values.out === undefined) throw new UsageError('expected --out DIR')
    if (values.domain === undefined) throw new UsageError('expected --domain DOMAIN at least once')
    const { createDevelopmentCertificates } = await import('./development-certificates.ts')
    const { ca, providers } = await createDevelopmentCertificates({
      directory: resolve(values.out),
      domains: values.domain,
      now: clock(),
    })
    out(`ca ${ca}\n`)
    for (const [domain, { certificate, key }] of providers) out(`${domain} ${certificate} ${key}\n`)
    return 0
  },
}
