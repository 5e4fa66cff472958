import { expect, test } from 'vitest'
import { GatewayError } from '../../../src/model/errors.ts'
import { parseMimiUri } from '../../../src/model/ids.ts'
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

const standingOf = ({ hub }: Sides) => {
  const [known] = hub.standing.list()
  return { strikes: known?.strikes ?? 0, factor: hub.standing.factor(homeDomain) }
}
/** What became of the pseudonym last. */
const lastOf = ({ log }: Sides['hub']) => log.findLast((line) => !line.startsWith('struck'))
const denied = [`deny ${pseudonym}`, `struck ${homeDomain} 1`]

test('a strike lowers the quota of the account at home and counts against its provider', async () => {
  const sides = await openSides()
  const { hub, home } = sides
  submitted(sides, tagA, 'account-1')
  const outcome = await hub.strikes.strike(order)
  expect(outcome).toEqual({ kind: 'struck', notice: order.about })
  expect(hub.log).toEqual(denied)
  await hub.sender.sendDue()
  expect(home.log).toEqual(['penalise account-1 medium'])
  expect(hub.state(order.about)).toBe('actioned')
  expect(hub.desk.findSent(order.about)).toMatchObject({
    actionClass: 'limit',
    ownLogMatch: true,
    policies: ['r3-sender-notice'],
  })
  expect(hub.log).toEqual(denied)
  expect(standingOf(sides)).toEqual({ strikes: 1, factor: 0.5 })
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
  await hub.strikes.lift(order.about)
  await hub.desk.retract(order.about, 'appeal')
  expect(hub.log.at(-1)).toBe(`struck ${homeDomain} -1`)
  expect(standingOf(sides)).toEqual({ strikes: 0, factor: 1 })
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

test('what home cannot find it cannot verify, and it counts all the same', async () => {
  const sides = await openSides()
  const { hub, home } = sides
  await hub.strikes.strike(order)
  await hub.sender.sendDue()
  expect(hub.state(order.about)).toBe('cannot_verify')
  expect(hub.desk.findSent(order.about)).toMatchObject({ ownLogMatch: false })
  expect(home.log).toEqual([])
  expect(hub.log).toEqual(denied)
  expect(standingOf(sides)).toEqual({ strikes: 1, factor: 0.5 })
  expect(hub.desk.scorecards()).toMatchObject([{ strikesUpheld: 0, actionedShare: 0 }])
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
  expect(hub.log).toEqual(denied)
  expect(home.log).toEqual(['penalise account-1 high'])
})

test('two reporters at the same time strike once', async () => {
  const sides = await openSides()
  submitted(sides, tagA, 'account-1')
  const reporters = ['r1', 'r2', 'r3', 'r4']
  await Promise.all(reporters.map((name) => sides.hub.strikes.reported(report(name))))
  expect(sides.hub.desk.listSent({ limit: 10 })).toHaveLength(1)
  expect(standingOf(sides).strikes).toBe(1)
})

test('a strike that routing does not let go denies here, counts, and tells nobody', async () => {
  const sides = await openSides()
  const { hub } = sides
  hub.permission.now = { allowed: false, policies: ['f2-hostile-or-single'] }
  expect(await hub.strikes.strike(order)).toEqual({
    kind: 'denied-here',
    policies: ['f2-hostile-or-single'],
  })
  expect(hub.log).toEqual(denied)
  expect(standingOf(sides)).toEqual({ strikes: 1, factor: 0.5 })
  expect(hub.desk.listSent({ limit: 10 })).toEqual([])
  expect(hub.book.reasonsOf(room, pseudonym)).toMatchObject([{ because: 'moderator' }])
  await hub.strikes.lift(order.about)
  expect(hub.log).toEqual([...denied, `allow ${pseudonym}`, `struck ${homeDomain} -1`])
  expect(standingOf(sides)).toEqual({ strikes: 0, factor: 1 })
})

test.each(['cannot_verify', 'no_action', 'rejected'] as const)(
  'a provider that answers a strike with %s has lost as much of its budgets',
  async (state) => {
    const sides = await openSides()
    const { hub, home } = sides
    home.home.kept = false
    await hub.strikes.strike(order)
    await hub.sender.sendDue()
    await home.desk.answer(order.about, { state })
    await home.sender.sendDue()
    expect(hub.state(order.about)).toBe(state)
    expect(standingOf(sides)).toEqual({ strikes: 1, factor: 0.5 })
  },
)

test('a provider that does not answer a strike has lost as much of its budgets', async () => {
  const sides = await openSides()
  const { hub, wire, clock } = sides
  wire.deliver = () => Promise.reject(new GatewayError('peer-timeout'))
  await hub.strikes.strike(order)
  await hub.sender.sendDue()
  clock.nowMs += 4 * 86_400_000
  expect(hub.state(order.about)).toBe('unanswered')
  expect(standingOf(sides)).toEqual({ strikes: 1, factor: 0.5 })
})

test('of a strike that is lifted twice one is taken back', async () => {
  const sides = await openSides()
  const second = { ...order, about: 'san-01JD0000000000000000000001', frankingTag: tagB }
  await sides.hub.strikes.strike(order)
  await sides.hub.strikes.strike(second)
  expect(standingOf(sides)).toEqual({ strikes: 2, factor: 0.1 })
  await sides.hub.strikes.lift(order.about)
  await sides.hub.strikes.lift(order.about)
  expect(standingOf(sides)).toEqual({ strikes: 1, factor: 0.5 })
})

test('a strike that is lifted later is taken from the day on which it was decided', async () => {
  const sides = await openSides()
  const { hub, clock } = sides
  await hub.strikes.strike(order)
  clock.nowMs += 31 * 86_400_000
  await hub.standing.deleteBefore(clock.nowMs)
  await hub.strikes.lift(order.about)
  await hub.strikes.strike({ ...order, about: 'san-01JD0000000000000000000001' })
  expect(standingOf(sides)).toEqual({ strikes: 1, factor: 0.5 })
})

test('a strike on a participant with a name counts against no provider', async () => {
  const sides = await openSides()
  const named = parseMimiUri('mimi://home.example/u/bob', 'user')
  await sides.hub.strikes.strike({ ...order, pseudonym: named })
  expect(standingOf(sides)).toEqual({ strikes: 0, factor: 1 })
  await sides.hub.strikes.lift(order.about)
  expect(sides.hub.log).toEqual([`deny ${named}`, `allow ${named}`])
})

test('a strike that is lifted lets its pseudonym speak again, once all that deny it are', async () => {
  const { hub } = await openSides()
  const second = { ...order, about: 'san-01JD0000000000000000000001', frankingTag: tagB }
  await hub.strikes.strike(order)
  await hub.strikes.strike(second)
  await hub.strikes.lift(order.about)
  await hub.strikes.lift(order.about)
  await hub.strikes.lift('san-01JD0000000000000000000009')
  const served = () => hub.log.filter((line) => !line.startsWith('struck'))
  const twice = [`deny ${pseudonym}`, `deny ${pseudonym}`]
  expect(served()).toEqual(twice)
  await hub.strikes.lift(second.about)
  expect(served()).toEqual([...twice, `allow ${pseudonym}`])
  const others = { ...order, about: 'san-01JD0000000000000000000002' }
  await hub.strikes.strike(others)
  expect(served()).toEqual([...twice, `allow ${pseudonym}`, `deny ${pseudonym}`])
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
  expect(lastOf(hub)).toBe(`allow ${pseudonym}`)
  expect(await hub.strikes.reported(report('r3'))).toEqual({ kind: 'known' })
  expect(lastOf(hub)).toBe(`allow ${pseudonym}`)
})

test('a strike that comes while another one is lifted denies in the end', async () => {
  const { hub } = await openSides()
  await hub.strikes.strike(order)
  const second = { ...order, about: 'san-01JD0000000000000000000001' }
  await Promise.all([hub.strikes.lift(order.about), hub.strikes.strike(second)])
  expect(lastOf(hub)).toBe(`deny ${pseudonym}`)
  const third = { ...order, about: 'san-01JD0000000000000000000002' }
  await Promise.all([hub.strikes.strike(third), hub.strikes.lift(second.about)])
  expect(lastOf(hub)).toBe(`deny ${pseudonym}`)
})

test('a strike at another provider than the pseudonym’s own is refused', async () => {
  const { hub } = await openSides()
  await expect(hub.strikes.strike({ ...order, provider: hubDomain })).rejects.toMatchObject({
    code: 'malformed-request',
  })
})
