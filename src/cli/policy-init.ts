import { cp, mkdir, readdir } from 'node:fs/promises'
import { profileDirectory } from '../settings/policy-files.ts'
import { policyProfiles } from '../settings/schema.ts'
import { UsageError, type Command } from './command.ts'
import { expectPositionals, readOptions } from './options.ts'

export const policyInitCommand: Command = {
  name: 'policy init',
  summary: 'begin policies of your own from a profile',
  usage: `DIRECTORY --profile PROFILE

  DIRECTORY  is made; where it is there it must be empty
  --profile  ${policyProfiles.join(', ')}

Copies policies, invariants, the cases ALLOW and DENY, and examples of tests for \`cedar run-tests\`. Name the directory under \`policies\` in
postern.yaml to use them.`,
  run: async (args, { out }) => {
    const { values, positionals } = readOptions(args, { profile: { type: 'string' } })
    expectPositionals(positionals, ['DIRECTORY'])
    const profile = policyProfiles.find((name) => name === values.profile)
    if (profile === undefined)
      throw new UsageError(`expected --profile with any of ${policyProfiles.join(', ')}`)
    const [directory = ''] = positionals
    await mkdir(directory, { recursive: true })
    if ((await readdir(directory)).length > 0)
      throw new UsageError('expected a directory that is empty or not there')
    await cp(profileDirectory(profile), directory, { recursive: true, errorOnExist: true })
    out(`policies of the profile ${profile} in ${directory}
try
  npm run postern -- policy check ${directory}
  npm run postern -- policy test ${directory}
  npm run postern -- policy prove ${directory}
  npm run postern -- policy diff ${profile} ${directory}
  npm run postern -- policy simulate ${directory}   against a running server
then name the directory under \`policies\` in postern.yaml
`)
    return 0
  },
}
