import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { labelSchema, type Label, type LabelRecipient } from '../../../src/metadata/labels/label.ts'
import {
  addMember,
  eventually,
  message,
  newRoomUri,
  useClubhouse,
} from '../../support/clubhouse.ts'
import { callInternal, internalPath } from '../../support/gateway-calls.ts'
import { runCli } from '../../support/run-cli.ts'

const bothSuites = {
  asHub: ['moderated-pseudonyms', 'identified'],
  asFollower: ['moderated-pseudonyms', 'identified'],
}

// a.example is the hub; c.example offers for its own rooms what a.example does not accept.
const clubhouse = useClubhouse({
  providers: {
    'a.example': {
      otherPeers: {
        'd.example': { allow: false },
        'e.example': { allow: true },
        'q.example': { allow: true, class: 'quarantined' },
      },
      extra: { defaultSuites: { ...bothSuites, asFollower: ['moderated-pseudonyms'] } },
    },
    'b.example': {
      extra: { defaultSuites: { ...bothSuites, asHub: ['moderated-pseudonyms'] } },
    },
    'c.example': {
      extra: { defaultSuites: { asHub: ['identified'], asFollower: bothSuites.asFollower } },
    },
  },
})
const provider = (domain: string) => clubhouse().federation.provider(domain)

let room: string

beforeAll(async () => {
  const { alice, bob, cathy } = clubhouse()
  for (const domain of ['a.example', 'b.example', 'c.example']) await refresh(domain)
  room = newRoomUri()
  await alice.createRoom({ room, name: 'Labelled', suite: 'moderated-pseudonyms' })
  await addMember(alice, bob, room)
  await addMember(alice, cathy, room)
  // A follower knows the suite of a room from what its hub fans out.
  await alice.sendText(room, 'hello')
  await message(bob, 'hello')
}, 60_000)

const cli = (domain: string, ...args: readonly string[]) =>
  runCli([...args, '--socket', join(provider(domain).directory, 'control.sock')])

async function refresh(domain: string): Promise<void> {
  const { exitCode } = await cli(domain, 'peers', '--refresh')
  expect(exitCode).toBe(0)
}

const roomPath = (of: string) => internalPath('labels/rooms', of)
const peerPath = (of: string) => internalPath('labels/peers', of)

async function label(domain: string, path: string): Promise<Label> {
  const { status, headers, bytes } = await callInternal(provider(domain), path)
  expect([status, headers.get('content-type')]).toEqual([200, 'application/json'])
  return labelSchema.parse(JSON.parse(bytes.toString()))
}

function recipients({ parts }: Label, audience: string): readonly LabelRecipient[] {
  return parts.flatMap((part) => part.recipients).filter((one) => one.audience === audience)
}

function formOf(recipient: LabelRecipient | undefined, name: string): string {
  return recipient?.fields.find(({ field }) => field === name)?.form ?? 'absent'
}

describe('the label of a room', () => {
  test('of the hub names the suite, the agreements and every provider that takes part', async () => {
    const found = await label('a.example', roomPath(room))
    expect(found).toMatchObject({
      provider: 'a.example',
      about: { kind: 'room', room, hub: 'a.example' },
      closed: [],
    })
    const [part] = found.parts
    expect(found.parts).toHaveLength(1)
    expect(part).toMatchObject({ place: 'our-rooms', suite: { name: 'moderated-pseudonyms' } })
    expect(part?.agreements).toHaveLength(2)
    expect(recipients(found, 'follower').map(({ providers }) => providers.toSorted())).toEqual([
      ['b.example', 'c.example'],
    ])
  })

  test('of the hub says what followers really get: no sender, a rounded time, a frank', async () => {
    const [follower] = recipients(await label('a.example', roomPath(room)), 'follower')
    expect(formOf(follower, 'sender.user')).toBe('absent')
    expect(formOf(follower, 'message.time')).toBe('bucket')
    expect(formOf(follower, 'message.frank')).toBe('exact')
    expect(follower?.refused).toEqual([])
  })

  test('of a follower says what its hub gets, and what the hub may show to others', async () => {
    const found = await label('b.example', roomPath(room))
    expect(found.about).toEqual({ kind: 'room', room, hub: 'a.example' })
    const [hub] = recipients(found, 'hub')
    expect(hub?.providers).toEqual(['a.example'])
    expect(formOf(hub, 'sender.user')).toBe('pseudonym-room')
    const [ours, others] = recipients(found, 'follower')
    expect(ours?.providers).toEqual(['b.example'])
    expect(others?.providers).toEqual([])
    const sure = new Set(others?.fields.flatMap(({ enforcement }) => enforcement))
    expect([...sure]).toEqual(['attested'])
  })

  test('follows the configuration: who may not have the suite any more gets nothing', async () => {
    const hub = provider('a.example')
    const before = hub.config()
    const { peers } = JSON.parse(hub.text) as { peers: Record<string, object> }
    const narrowed = { ...peers['c.example'], suites: { asHub: ['identified'] } }
    await hub.gateway.reload(hub.config({ peers: { ...peers, 'c.example': narrowed } }))
    const found = await label('a.example', roomPath(room))
    await hub.gateway.reload(before)
    expect(found.closed).toEqual([
      { place: 'our-rooms', provider: 'c.example', code: 'suite-unavailable' },
    ])
    const providers = found.parts.flatMap((part) => part.recipients.flatMap((one) => one.providers))
    expect(new Set(providers)).toEqual(new Set(['a.example', 'b.example']))
  })

  test('leaves out the provider of whoever is banned', async () => {
    const { alice, bob, cathy, room: open } = clubhouse()
    const uri = await open()
    const follower = async () => recipients(await label('a.example', roomPath(uri)), 'follower')
    expect((await follower()).flatMap(({ providers }) => providers)).toContain('c.example')
    expect((await alice.banUser(uri, cathy.user)).kind).toBe('accepted')
    await eventually(bob, (event) => event.kind === 'room-changed' && event.room === uri)
    expect((await follower()).flatMap(({ providers }) => providers)).toEqual(['b.example'])
  })

  test('names no user, whoever is in it', async () => {
    const { alice, bob, cathy } = clubhouse()
    for (const domain of ['a.example', 'b.example']) {
      const json = await callInternal(provider(domain), roomPath(room))
      const html = await callInternal(provider(domain), roomPath(room), asPage)
      for (const { bytes } of [json, html])
        for (const { user } of [alice, bob, cathy]) {
          expect(bytes.toString()).not.toContain(user)
          expect(bytes.toString()).not.toContain('/u/')
        }
    }
  })

  test('that nobody follows here is unknown, and what is no room is malformed', async () => {
    const unknown = await callInternal(provider('a.example'), roomPath(newRoomUri()))
    expect([unknown.status, unknown.code]).toEqual([404, 'room-unknown'])
    const theirs = await callInternal(provider('a.example'), roomPath('mimi://b.example/r/none'))
    expect([theirs.status, theirs.code]).toEqual([404, 'room-unknown'])
    const user = await callInternal(provider('a.example'), roomPath('mimi://a.example/u/alice'))
    expect([user.status, user.code]).toEqual([400, 'invalid-uri'])
  })
})

describe('the label of another provider', () => {
  test('has a part for each suite that both agreed on, and one for what is outside rooms', async () => {
    const found = await label('a.example', peerPath('b.example'))
    expect(found.parts.map(({ place, suite }) => [place, suite.name])).toEqual([
      ['our-rooms', 'moderated-pseudonyms'],
      ['our-rooms', 'identified'],
      ['their-rooms', 'moderated-pseudonyms'],
      ['outside-rooms', 'moderated-pseudonyms'],
    ])
    expect(found.parts.flatMap(({ agreements }) => agreements)).toHaveLength(4)
    const to = new Set(recipients(found, 'hub').flatMap(({ providers }) => providers))
    expect([...to]).toEqual(['b.example'])
  })

  test('says where nothing passes, and why', async () => {
    expect((await label('a.example', peerPath('c.example'))).closed).toEqual([
      { place: 'their-rooms', provider: 'c.example', code: 'no-common-suite' },
    ])
    const denied = await label('a.example', peerPath('d.example'))
    expect(denied.parts).toEqual([])
    expect(denied.closed.map(({ code }) => code)).toEqual(['peer-denied', 'peer-denied'])
  })

  test('says how long that provider keeps things where that is less than the suite permits', async () => {
    const { parts } = await label('a.example', peerPath('b.example'))
    const identified = parts.find(({ suite }) => suite.name === 'identified')
    const [follower] = identified?.recipients ?? []
    expect(follower?.fields.find(({ field }) => field === 'message.kind')?.retentionDays).toBe(7)
  })

  test('that is in quarantine gets nothing, and the label says that it is not admitted', async () => {
    const found = await label('a.example', peerPath('q.example'))
    const [hub] = recipients(found, 'hub')
    expect(hub?.fields).toEqual([])
    expect(hub?.refused).toContainEqual({ operation: 'submitMessage', code: 'not-admitted' })
  })

  test('without an agreement goes by the list of the operator', async () => {
    const { parts } = await label('a.example', peerPath('e.example'))
    expect(parts.map(({ agreements }) => agreements)).toEqual(parts.map(() => []))
    expect(parts.map(({ place }) => place)).toContain('our-rooms')
  })

  test('that is not known is refused, and what is no domain is malformed', async () => {
    const unknown = await callInternal(provider('a.example'), peerPath('z.example'))
    expect([unknown.status, unknown.code]).toEqual([403, 'peer-unknown'])
    const self = await callInternal(provider('a.example'), peerPath('a.example'))
    expect(self.code).toBe('peer-unknown')
    const odd = await callInternal(provider('a.example'), peerPath('not a domain'))
    expect([odd.status, odd.code]).toEqual([400, 'malformed-request'])
  })
})

const asPage = { headers: { accept: 'text/html,application/xhtml+xml;q=0.9,*/*;q=0.8' } }

test('whoever asks for a page gets one, with a policy that lets nothing run', async () => {
  for (const path of [roomPath(room), peerPath('b.example')]) {
    const { status, headers, bytes } = await callInternal(provider('a.example'), path, asPage)
    expect(status).toBe(200)
    expect(headers.get('content-type')).toBe('text/html; charset=utf-8')
    expect(headers.get('content-security-policy')).toMatch(
      /^default-src 'none'; style-src 'sha256-/,
    )
    expect(headers.get('x-content-type-options')).toBe('nosniff')
    expect(headers.get('vary')).toBe('accept')
    expect(bytes.toString()).toMatch(/^<!doctype html>\n<html lang="en">/)
  }
})

describe('postern labels show', () => {
  test('shows the same label as text, JSON and page', async () => {
    const json = await cli('a.example', 'labels', 'show', '--room', room, '--json')
    const served = await label('a.example', roomPath(room))
    expect(JSON.parse(json.stdout)).toEqual(served)
    const page = await cli('a.example', 'labels', 'show', '--room', room, '--page')
    const html = await callInternal(provider('a.example'), roomPath(room), asPage)
    expect(page.stdout).toBe(html.bytes.toString())
    const text = await cli('a.example', 'labels', 'show', '--peer', 'b.example')
    expect(text).toMatchObject({ exitCode: 0, stderr: '' })
    expect(text.stdout).toMatch(/^What b\.example is shown\n/)
    expect(text.stdout).toContain('  + Mark that makes a message reportable: exact, kept 7 days')
    expect(text.stdout).toContain('    Kind of a message: exact, kept 7 days, to deliver, checked')
  })

  test('says by its code what there is no label of', async () => {
    const unknown = await cli('a.example', 'labels', 'show', '--room', newRoomUri())
    expect(unknown).toMatchObject({ exitCode: 1, stderr: 'room-unknown\n' })
    const nobody = await cli('a.example', 'labels', 'show', '--peer', 'z.example')
    expect(nobody).toMatchObject({ exitCode: 1, stderr: 'peer-unknown\n' })
  })

  test('wants one thing to show, in one form', async () => {
    for (const args of [
      [],
      ['--room', room, '--peer', 'b.example'],
      ['--peer', 'b.example', '--json', '--page'],
    ])
      expect((await cli('a.example', 'labels', 'show', ...args)).exitCode).toBe(2)
  })
})
