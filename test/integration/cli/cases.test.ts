import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { caseServer } from '../../support/case-server.ts'
import { moderator } from '../../support/cases.ts'
import { alice, room, textContent } from '../../support/franking.ts'
import { abusive, reportExchange } from '../../support/reports.ts'
import { runCli } from '../../support/run-cli.ts'
import { tempDir } from '../../support/temp-dir.ts'

const form = {
  outcome: 'action',
  category: 'harassment',
  facts: 'Insults.',
  ground: { kind: 'law', reference: '§ 185', explanation: 'An insult.' },
  actions: [{ kind: 'retract' }],
}

test('a case is worked from the command line, by two people', async () => {
  const server = await caseServer()
  const { report, case: id } = await server.report()
  const run = (...args: string[]) => runCli([...args, ...server.socket])
  const list = await run('cases', 'list', '--as', 'ann')
  expect(list.stdout).toContain(`${id}  `)
  expect(list.stdout).toContain('1 reports (1 verified) of 1')
  expect((await run('cases', 'list')).exitCode).toBe(2)
  expect((await run('cases', 'claim', id, '--as', 'ann')).stdout).toContain('claimed by ann')
  expect(await run('cases', 'claim', id, '--as', 'bob')).toMatchObject({
    exitCode: 1,
    stderr: 'case-claimed\n',
  })
  const handed = await run('cases', 'handover', id, '--as', 'ann', '--to', 'bob')
  expect(handed.stdout).toContain('claimed by bob')
  await run('cases', 'release', id, '--as', 'bob', '--note', 'not mine')
  await run('cases', 'claim', id, '--as', 'ann')
  const file = join(tempDir(), 'form.json')
  writeFileSync(file, JSON.stringify(form))
  const preview = await run(
    'cases',
    'decide',
    id,
    '--as',
    'ann',
    '--mfa',
    '--form',
    file,
    '--preview',
  )
  expect(preview.stdout).toContain('retract message:')
  const proposed = await run('cases', 'decide', id, '--as', 'ann', '--mfa', '--form', file)
  expect(proposed.stdout).toContain('proposed')
  expect(server.sanctions.summary()).toEqual([])
  expect((await run('cases', 'approve', id, '--as', 'ann', '--mfa')).stderr).toBe(
    'moderation-denied\n',
  )
  expect((await run('cases', 'approve', id, '--as', 'bob', '--mfa')).stdout).toContain('decided')
  const filed = await runCli(['appeals', 'file', id, '--from', alice, ...server.socket], {
    input: Buffer.from('It was a joke.\n'),
  })
  expect(filed.stdout).toContain('It was a joke.')
  server.team.push(moderator('cid'))
  const [, appeal = ''] = /appeal (app-\S+)/.exec(filed.stdout) ?? []
  expect((await run('appeals', 'list', '--as', 'cid')).stdout).toContain(appeal)
  const verdict = ['appeals', 'decide', appeal, '--mfa', '--reverse', '--reasons', 'It was.']
  expect((await run(...verdict, '--as', 'ann')).stderr).toBe('moderation-denied\n')
  expect((await run(...verdict, '--as', 'cid')).stdout).toContain('reversed')
  const shown = JSON.parse((await run('cases', 'show', id, '--as', 'cid', '--json')).stdout)
  expect(shown).toMatchObject({ case: { outcome: 'reversed' }, reports: [{ id: report }] })
})

test('a decision is written with options, and taken back', async () => {
  const server = await caseServer()
  const { case: id } = await server.report()
  const other = await server.report({ room: `${room}-2` })
  const run = (...args: string[]) => runCli([...args, ...server.socket])
  const decision =
    '--as ann --mfa --outcome action --category harassment --facts Insults --terms 4 --why Rude --limit 10:7 --label rude:30'.split(
      ' ',
    )
  const bulk = await run('cases', 'decide', id, other.case, ...decision)
  expect(bulk).toMatchObject({ exitCode: 0 })
  expect(server.sanctions.summary()).toHaveLength(6)
  const [, all = ''] = /undo (bulk-\S+)/.exec(bulk.stdout) ?? []
  expect(await run('cases', 'undo', all, '--as', 'ann', '--mfa')).toMatchObject({ exitCode: 0 })
  expect(server.sanctions.summary()).toContain('limit undone')
  const incomplete = await run('cases', 'decide', id, '--as', 'ann', '--facts', 'x')
  expect(incomplete).toMatchObject({ exitCode: 2 })
  expect(incomplete.stderr).toContain('outcome')
  await run('cases', 'hold', id, '--as', 'ann', '--mfa', '--note', 'order 7')
  expect((await run('cases', 'list', '--as', 'ann')).stdout).toContain('[legal hold]')
  const queues = await run('cases', 'list', '--as', 'ann', '--queues')
  expect(queues.stdout).toMatch(/harassment +2 waiting, 0 overdue/)
})

test('what others wrote cannot move the cursor of a terminal', async () => {
  const server = await caseServer()
  const hostile = '\u001b[2J\u001b]0;pwned\u0007\u202Egnp.exe\n<script>alert(1)</script>\u009b31m'
  const { id: report } = await server.reports.receive(
    reportExchange({
      messages: [abusive(textContent('words'))],
      note: Buffer.from(hostile),
    }),
  )
  const id = (await server.desk.join(report)) ?? ''
  const run = (...args: string[]) => runCli([...args, ...server.socket])
  await run('cases', 'claim', id, '--as', 'ann')
  await run('cases', 'release', id, '--as', 'ann', '--note', hostile)
  await run('cases', 'claim', id, '--as', 'ann')
  const { stdout } = await run('cases', 'show', id, '--as', 'ann', '--mfa', '--evidence')
  expect(stdout).toContain('<script>alert(1)</script>')
  expect(stdout.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}]/u)
  expect(stdout).toContain(String.raw`released by ann: \u{1b}[2J`)
})
