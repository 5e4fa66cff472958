import { createPrivateKey, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { readBundle, schemaDigest, signBundle } from '../policy/bundle.ts'
import { verificationKeyOf } from '../metadata/requirements/signing-keys.ts'
import { BUNDLE, readPolicyFiles, type PolicyFiles } from '../settings/policy-files.ts'
import { UsageError, type Command } from './command.ts'
import { expectPositionals, readOptions } from './options.ts'

export const policyKeygenCommand: Command = {
  name: 'policy keygen',
  summary: 'make a key that signs policies',
  usage: `FILE

Writes the private key, readable by our user only, and prints what \`policyKeys\` in postern.yaml takes.
Keep the file where policies are reviewed, not on the gateway.`,
  run: async (args, { out }) => {
    const { positionals } = readOptions(args, {})
    expectPositionals(positionals, ['FILE'])
    const { privateKey } = generateKeyPairSync('ed25519')
    const pem = privateKey.export({ type: 'pkcs8', format: 'pem' })
    await writeFile(positionals[0] ?? '', pem, { flag: 'wx', mode: 0o600 }).catch(
      (cause: unknown) => {
        throw new UsageError('expected a FILE that can be made and is not there yet', { cause })
      },
    )
    out(`policyKeys: [${verificationKeyOf(privateKey).x}]\n`)
    return 0
  },
}

export const policySignCommand: Command = {
  name: 'policy sign',
  summary: 'sign policies, for gateways that take signed ones only',
  usage: `DIRECTORY --key FILE [--revision N]

  DIRECTORY   with *.cedar files, and perhaps invariants.yaml
  --key       the private key of \`postern policy keygen\`
  --revision  without it, one more than the bundle that is there

Checks the policies first; then bundle.jws beside them says which files, with what in them, are meant. Exit
code 1 when they are not valid: nothing is signed then.`,
  run: async (args, { clock, out, err }) => {
    const { values, positionals } = readOptions(args, {
      key: { type: 'string' },
      revision: { type: 'string' },
    })
    expectPositionals(positionals, ['DIRECTORY'])
    const [directory = ''] = positionals
    const key = await readKey(values.key)
    const found = await stat(directory).catch(() => undefined)
    if (found?.isDirectory() !== true) throw new UsageError('expected a DIRECTORY')
    const { inspectPolicyArgument } = await import('./read-policies.ts')
    const reading = await inspectPolicyArgument(directory, clock)
    if (reading.kind === 'invalid') {
      err('the policies are not valid: see postern policy check\n')
      return 1
    }
    const files = await readPolicyFiles(directory)
    const revision = revisionOf(files, values.revision)
    const issuedAt = Math.floor(clock() / 1_000)
    const bundle = {
      revision,
      issuedAt,
      schema: schemaDigest(),
      files: Object.fromEntries(files.digests),
    }
    await writeFile(join(directory, BUNDLE), signBundle(bundle, key))
    out(
      `revision ${revision}, ${files.digests.size} files, signed by ${verificationKeyOf(key).x}\n`,
    )
    return 0
  },
}

async function readKey(file: string | undefined): Promise<KeyObject> {
  try {
    const key = createPrivateKey(await readFile(file ?? ''))
    if (key.asymmetricKeyType === 'ed25519') return key
  } catch {
    // Said below, without a word of what was in the file.
  }
  throw new UsageError('expected --key with a private key of postern policy keygen')
}

function revisionOf({ bundle }: PolicyFiles, asked: string | undefined): number {
  if (asked === undefined) return bundle === undefined ? 1 : readBundle(bundle).revision + 1
  if (!/^[1-9]\d{0,14}$/.test(asked))
    throw new UsageError('expected a whole number from 1 as --revision')
  return Number(asked)
}
