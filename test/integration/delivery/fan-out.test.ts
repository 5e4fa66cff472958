import { buffer } from 'node:stream/consumers'
import { setImmediate } from 'node:timers/promises'
import { expect, onTestFinished, test, vi } from 'vitest'
import { Outbox } from '../../../src/delivery/outbox.ts'
import type { PeerClients } from '../../../src/delivery/peer-clients.ts'
import { parseProviderDomain } from '../../../src/model/ids.ts'
import { fakeTime } from '../../support/fake-time.ts'
import { lobby, openTestStore } from '../../support/outbox.ts'
import { authority, peerClients, startPeer } from '../../support/peer-server.ts'

const domains = ['b.example', 'c.example', 'd.example'].map(parseProviderDomain)

/** Three followers, each a real server; `behave` says what each does with its n-th notify. */
async function startFollowers(
  behave: (domain: string, attempt: number) => number | 'reset' | 'half',
) {
  const received: Record<string, Buffer[]> = {}
  const addresses = new Map<string, string>()
  for (const domain of domains) {
    const bodies: Buffer[] = []
    received[domain] = bodies
    const identity = await authority.issue({ names: [domain] })
    const port = await startPeer((request, response) => {
      if (request.method === 'GET') {
        response.end(JSON.stringify({ notify: `https://${domain}/notify/{roomId}` }))
        return
      }
      void buffer(request).then((body) => {
        bodies.push(body)
        const act = behave(domain, bodies.length)
        if (act === 'reset') return request.socket.destroy()
        if (act === 'half') return request.socket.end('HTTP/1.1 201 Created\r\nContent-Le')
        return response.writeHead(act).end()
      })
    }, identity)
    addresses.set(domain, `127.0.0.1:${port}`)
  }
  return { received, addressOf: (domain: string) => addresses.get(domain) }
}

async function startOutbox(clients: PeerClients) {
  const time = fakeTime()
  const outbox = new Outbox({
    store: await openTestStore(),
    clock: time.clock,
    schedule: time.schedule,
    send: ({ peer, room, bytes, suite, signal }) =>
      clients.call({ peer, operation: 'notify', target: room, bytes, suite, signal }),
  })
  onTestFinished(() => outbox[Symbol.asyncDispose]())
  await outbox.start()
  return { outbox, time }
}

test('a fan-out over mutual TLS survives resets, half answers and refusals, byte for byte', async () => {
  const { received, addressOf } = await startFollowers((domain, attempt) => {
    if (domain === 'b.example' || attempt > 2) return 201
    if (domain === 'c.example') return attempt === 1 ? 'reset' : 'half'
    return attempt === 1 ? 500 : 429
  })
  const { outbox, time } = await startOutbox(peerClients(0, { addressOf }))
  const body = Buffer.from(Array.from({ length: 2_048 }, (_, index) => index % 256))
  await outbox.enqueue({ room: lobby, peers: domains, bytes: body, suite: 'identified' })
  await vi.waitFor(async () => {
    time.advance(10_000)
    await setImmediate()
    expect(outbox.counts().waiting).toBe(0)
  })
  expect(Object.values(received).map((bodies) => bodies.length)).toEqual([1, 3, 3])
  expect(
    Object.values(received)
      .flat()
      .every((each) => each.equals(body)),
  ).toBe(true)
  expect(outbox.counts().deadLetters).toBe(0)
})

test('a follower that is down for a while gets everything afterwards, in order', async () => {
  let up = false
  const { received, addressOf } = await startFollowers(() => 201)
  const clients = peerClients(0, {
    addressOf: (domain) => (up ? addressOf(domain) : '127.0.0.1:1'),
  })
  // An address is read when a link opens: a renewal opens links anew, as a reload of the configuration does.
  const { outbox, time } = await startOutbox(clients)
  const texts = ['1', '2', '3', '4']
  for (const text of texts)
    await outbox.enqueue({ room: lobby, peers: domains.slice(0, 1), bytes: Buffer.from(text) })
  await vi.waitFor(async () => {
    time.advance(10_000)
    await setImmediate()
    expect(outbox.counts().inFlight).toBe(0)
  })
  up = true
  await clients.renew(await authority.issue({ names: ['a.example'] }))
  await vi.waitFor(async () => {
    time.advance(10_000)
    await setImmediate()
    expect(received['b.example']?.map(String)).toEqual(texts)
  })
})
