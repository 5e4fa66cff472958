import { expect, test } from 'vitest'
import {
  epochStart,
  homeDomain,
  hubDomain,
  openSides,
  pseudonym,
  room,
  startMs,
  tagA,
  tagB,
  type Sides,
} from '../../support/notices.ts'

const order = {
  room,
  pseudonym,
  frankingTag: tagA,
  category: 'harassment.targeted',
  severity: 'medium' as const,
  epochStart,
  provider: homeDomain,
  about: 'san-01JD0000000000000000000000',
}

function submitted({ home }: Sides, tag: string, account: string): void {
  home.accounts.set(`${hubDomain} ${tag}`, Buffer.from(account))
}

const report = (reporter: string, frankingTag = tagA) => ({
  room,
  pseudonym,
  reporter,
  frankingTag,
  category: 'violence.threats',
  epochStart,
  atMs: startMs,
})

test('a strike lowers the quota of the account at home and counts against its provider', async () => {
  const sides = await openSides()
  const { hub, home } = sides
  submitted(sides, tagA, 'account-1')
  const outcome = await hub.strikes.strike(order)
  expect(outcome).toEqual({ kind: 'struck', notice: order.about })
  expect(hub.log).toEqual([`deny ${pseudonym}`])
  await hub.sender.sendDue()
  expect(home.log).toEqual(['penalise account-1 medium'])
  expect(hub.state(order.about)).toBe('actioned')
  expect(hub.desk.findSent(order.about)).toMatchObject({
    actionClass: 'limit',
    ownLogMatch: true,
    counted: true,
    policies: ['r3-sender-notice'],
  })
  expect(hub.log).toEqual([`deny ${pseudonym}`, `struck ${homeDomain} 1`])
  expect(hub.desk.scorecards()).toMatchObject([{ strikesUpheld: 1, actionedShare: 1 }])
})

test('the same decision strikes once', async () => {
  const sides = await openSides()
  submitted(sides, tagA, 'account-1')
  await sides.hub.strikes.strike(order)
  expect(await sides.hub.strikes.strike(order)).toEqual({ kind: 'known' })
  await sides.hub.sender.sendDue()
  expect(sides.home.log).toHaveLength(1)
})

test('a retraction takes penalty and count back', async () => {
  const sides = await openSides()
  const { hub, home } = sides
  submitted(sides, tagA, 'account-1')
  await hub.strikes.strike(order)
  await hub.sender.sendDue()
  expect(home.penalties.size).toBe(1)
  await hub.desk.retract(order.about, 'appeal')
  expect(hub.log.at(-1)).toBe(`struck ${homeDomain} -1`)
  await hub.sender.sendDue()
  expect(home.penalties.size).toBe(0)
  expect(hub.desk.scorecards()).toMatchObject([{ sent: 0, strikesUpheld: 0 }])
})

test('two strikes for one message are one penalty, which goes when both are taken back', async () => {
  const sides = await openSides()
  const { hub, home } = sides
  submitted(sides, tagA, 'account-1')
  const second = { ...order, about: 'san-01JD0000000000000000000001' }
  await hub.strikes.strike(order)
  await hub.strikes.strike(second)
  await hub.sender.sendDue()
  expect(home.penalties.size).toBe(1)
  await hub.desk.retract(order.about)
  await hub.sender.sendDue()
  expect(home.penalties.size).toBe(1)
  await hub.desk.retract(second.about)
  await hub.sender.sendDue()
  expect(home.penalties.size).toBe(0)
})

test('what home cannot find it cannot verify, and nothing counts', async () => {
  const { hub, home } = await openSides()
  await hub.strikes.strike(order)
  await hub.sender.sendDue()
  expect(hub.state(order.about)).toBe('cannot_verify')
  expect(hub.desk.findSent(order.about)).toMatchObject({ ownLogMatch: false, counted: false })
  expect(home.log).toEqual([])
  expect(hub.log).toEqual([`deny ${pseudonym}`])
})

test('a provider without a log of submissions says that it has none', async () => {
  const { hub, home } = await openSides()
  home.home.kept = false
  await hub.strikes.strike(order)
  await hub.sender.sendDue()
  expect(hub.state(order.about)).toBe('cannot_verify')
  expect(hub.desk.findSent(order.about)).toMatchObject({ ownLogMatch: undefined })
})

test('a follower that saw the tag cannot strike: the message was not submitted to it', async () => {
  const sides = await openSides()
  const { other, home } = sides
  submitted(sides, tagA, 'account-1')
  await other.strikes.strike(order)
  await other.sender.sendDue()
  expect(other.state(order.about)).toBe('cannot_verify')
  expect(home.log).toEqual([])
})

test('one reporter alone changes nothing, however often and whatever it reports', async () => {
  const { hub } = await openSides()
  expect(await hub.strikes.reported(report('r1'))).toEqual({ kind: 'waiting' })
  expect(await hub.strikes.reported(report('r1'))).toEqual({ kind: 'waiting' })
  expect(await hub.strikes.reported(report('r1', tagB))).toEqual({ kind: 'waiting' })
  expect(hub.log).toEqual([])
  expect(hub.desk.listSent({ limit: 10 })).toEqual([])
})

test('two reporters deny the pseudonym and strike, once', async () => {
  const sides = await openSides()
  const { hub, home } = sides
  submitted(sides, tagB, 'account-1')
  await hub.strikes.reported(report('r1'))
  const outcome = await hub.strikes.reported(report('r2', tagB))
  expect(outcome.kind).toBe('struck')
  expect(await hub.strikes.reported(report('r3', tagB))).toEqual({ kind: 'known' })
  await hub.sender.sendDue()
  expect(hub.log).toEqual([`deny ${pseudonym}`, `struck ${homeDomain} 1`])
  expect(home.log).toEqual(['penalise account-1 high'])
})

test('two reporters at the same time strike once', async () => {
  const sides = await openSides()
  submitted(sides, tagA, 'account-1')
  const reporters = ['r1', 'r2', 'r3', 'r4']
  await Promise.all(reporters.map((name) => sides.hub.strikes.reported(report(name))))
  expect(sides.hub.desk.listSent({ limit: 10 })).toHaveLength(1)
})

test('a strike that routing does not let go denies here and tells nobody', async () => {
  const { hub } = await openSides()
  hub.permission.now = { allowed: false, policies: ['f2-hostile-or-single'] }
  expect(await hub.strikes.strike(order)).toEqual({
    kind: 'denied-here',
    policies: ['f2-hostile-or-single'],
  })
  expect(hub.log).toEqual([`deny ${pseudonym}`])
  expect(hub.desk.listSent({ limit: 10 })).toEqual([])
  expect(hub.book.reasonsOf(room, pseudonym)).toMatchObject([{ because: 'moderator' }])
  await hub.strikes.lift(order.about)
  expect(hub.log).toEqual([`deny ${pseudonym}`, `allow ${pseudonym}`])
})

test('a strike that is lifted lets its pseudonym speak again, once all that deny it are', async () => {
  const { hub } = await openSides()
  const second = { ...order, about: 'san-01JD0000000000000000000001', frankingTag: tagB }
  await hub.strikes.strike(order)
  await hub.strikes.strike(second)
  await hub.strikes.lift(order.about)
  await hub.strikes.lift(order.about)
  await hub.strikes.lift('san-01JD0000000000000000000009')
  const denied = [`deny ${pseudonym}`, `deny ${pseudonym}`]
  expect(hub.log).toEqual(denied)
  await hub.strikes.lift(second.about)
  expect(hub.log).toEqual([...denied, `allow ${pseudonym}`])
  const others = { ...order, about: 'san-01JD0000000000000000000002' }
  await hub.strikes.strike(others)
  expect(hub.log).toEqual([...denied, `allow ${pseudonym}`, `deny ${pseudonym}`])
})

test('reports are a reason of their own, and what was taken back they do not bring again', async () => {
  const { hub } = await openSides()
  await hub.strikes.strike(order)
  await hub.strikes.reported(report('r1'))
  const outcome = await hub.strikes.reported(report('r2'))
  if (outcome.kind !== 'struck') throw new Error(`reports are ${outcome.kind}`)
  await hub.strikes.lift(order.about)
  expect(hub.log).not.toContain(`allow ${pseudonym}`)
  await hub.strikes.lift(outcome.notice)
  expect(hub.log.at(-1)).toBe(`allow ${pseudonym}`)
  expect(await hub.strikes.reported(report('r3'))).toEqual({ kind: 'known' })
  expect(hub.log.at(-1)).toBe(`allow ${pseudonym}`)
})

test('a strike that comes while another one is lifted denies in the end', async () => {
  const { hub } = await openSides()
  await hub.strikes.strike(order)
  const second = { ...order, about: 'san-01JD0000000000000000000001' }
  await Promise.all([hub.strikes.lift(order.about), hub.strikes.strike(second)])
  expect(hub.log.at(-1)).toBe(`deny ${pseudonym}`)
  const third = { ...order, about: 'san-01JD0000000000000000000002' }
  await Promise.all([hub.strikes.strike(third), hub.strikes.lift(second.about)])
  expect(hub.log.at(-1)).toBe(`deny ${pseudonym}`)
})

test('a strike at another provider than the pseudonym’s own is refused', async () => {
  const { hub } = await openSides()
  await expect(hub.strikes.strike({ ...order, provider: hubDomain })).rejects.toMatchObject({
    code: 'malformed-request',
  })
})
