import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { startFederation } from '../../support/federation.ts'
import { tempDir } from '../../support/temp-dir.ts'

const NAME = 'canary-dolores'
const issuing = { tokens: true, extra: { issuer: { enabled: true } } } as const

function filesIn(directory: string) {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => ({
      name: entry.name,
      bytes: readFileSync(join(entry.parentPath, entry.name)),
    }))
}

/** A text as it is, in hexadecimal and in base64 at each of its three alignments. */
function spellings(text: string): readonly string[] {
  const base64 = [0, 1, 2].map((shift) =>
    Buffer.from(`${' '.repeat(shift)}${text}`)
      .toString('base64')
      .slice(shift === 0 ? 0 : 4, -4),
  )
  return [text, Buffer.from(text).toString('hex'), ...base64]
}

/** Whether it is a file of the gateway, not of its embedded delivery service. */
function isOwn({ name }: { readonly name: string }): boolean {
  return !name.startsWith('reference-ds.')
}

test('a hub writes down nothing that names who wrote, flooded and was reported', async () => {
  const directory = tempDir()
  const lines: string[] = []
  const rates = { epochSender: { perSecond: 0.001, burst: 4 } }
  await (async () => {
    await using federation = await startFederation(directory, [
      { domain: 'a.example', extra: { rates, log: { level: 'debug' } } },
      { domain: 'b.example', ...issuing },
    ])
    const hub = federation.provider('a.example')
    const [alice, dolores] = await Promise.all([
      hub.client('alice'),
      federation.provider('b.example').client(NAME),
    ])
    for (const client of [alice, dolores]) await client.publishKeyPackages({ pseudonymous: 4 })
    alice.connect(dolores.connectionCard())
    dolores.connect(alice.connectionCard())
    const room = 'mimi://a.example/r/club'
    await alice.createRoom({ room, name: 'Club', suite: 'moderated-pseudonyms' })
    expect((await alice.addUser(room, dolores.user)).kind).toBe('accepted')
    await dolores.next('joined', { room })
    dolores.writeUnnamed(room)
    await dolores.sendText(room, 'something rude')
    const { evidence, sender } = await alice.next('message', { room })
    // Members know who it is; the hub has taken a report of it and met its flood.
    expect(sender.user).toBe(dolores.user)
    if (evidence === undefined) throw new Error('not franked')
    await alice.report(room, [evidence], { note: 'rude' })
    const flood = async () => {
      for (let count = 0; count < 20; count++) await dolores.sendText(room, `spam ${count}`)
    }
    await expect(flood()).rejects.toMatchObject({ status: 429 })
    await Promise.all(
      ['a.example', 'b.example'].map((domain) => federation.provider(domain).stop()),
    )
    lines.push(hub.log())
  })()
  const kept = filesIn(join(directory, 'a.example')).filter(isOwn)
  expect(kept.map(({ name }) => name)).toContain('postern.sqlite')
  const everything = [...kept, { name: 'log', bytes: Buffer.from(lines.join('')) }]
  for (const trace of spellings(NAME))
    for (const { name, bytes } of everything)
      expect([name, trace, bytes.includes(trace)]).toEqual([name, trace, false])
  // The search finds what is there: at home her own delivery service knows her.
  const home = filesIn(join(directory, 'b.example'))
  expect(home.some(({ bytes }) => bytes.includes(NAME))).toBe(true)
  // And her own gateway has her under the tag of a message only.
  for (const { name, bytes } of home.filter(isOwn))
    expect([name, bytes.includes(NAME)]).toEqual([name, false])
}, 60_000)
