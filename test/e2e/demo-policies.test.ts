import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { demoDurationMsMax, rowName, runDemoAsJson } from '../support/demo.ts'
import { spawnCli } from '../support/run-cli.ts'
import { tempDir } from '../support/temp-dir.ts'

const devicesUncounted = `
  @id("devices-uncounted")
  @title("Followers do not learn how many devices somebody has")
  @reason("Whoever adds somebody needs a device that can be added, not their number.")
  forbid (principal, action == Action::"client.list:exact", resource)
  when
  {
    context.operation == Operation::"keyMaterial" && context.audience == Audience::"follower"
  };
`

test(
  'one forbid in the policies of the hub changes one cell of the table, and breaks nothing',
  async () => {
    const policies = join(tempDir(), 'policies')
    const begun = await spawnCli(['policy', 'init', policies, '--profile', 'consumer'])
    expect(begun).toMatchObject({ exitCode: 0 })
    await writeFile(join(policies, 'devices-uncounted.cedar'), devicesUncounted)
    // One after the other: a demo is five processes.
    const before = await runDemoAsJson()
    const after = await runDemoAsJson('--policies', policies)
    expect([before.policies, after.policies]).toEqual(['consumer', policies])
    expect(after.steps.filter(({ ok }) => !ok)).toEqual([])
    expect(after.claims.filter(({ ok }) => !ok)).toEqual([])
    const name = 'moderated-pseudonyms | keyMaterial | b.example follower | client.list'
    const [shown, less] = [before, after].map(({ table }) =>
      table.find((row) => rowName(row) === name),
    )
    expect(shown).toMatchObject({ form: 'exact', forms: { exact: 1 } })
    expect(less).toEqual({ ...shown, form: 'bucket', forms: { bucket: 1 } })
    const others = [before, after].map(({ table }) =>
      table
        // One exact time in a thousand is a whole second.
        .filter((row) => row.field !== 'message.time' && rowName(row) !== name)
        .map((row) => `${rowName(row)} | ${row.part} | ${row.form}`)
        .toSorted(),
    )
    expect(others[1]).toEqual(others[0])
  },
  3 * demoDurationMsMax,
)
