import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll } from 'vitest'
import type { MimiClient } from '../../src/client/mimi-client.ts'
import { startFederation, type Federation, type ProviderOptions } from './federation.ts'

/** Three providers, a client of each, and rooms of a.example in which all three are. */
export interface Clubhouse {
  readonly federation: Federation
  readonly alice: MimiClient
  readonly bob: MimiClient
  readonly cathy: MimiClient
  /** A new room of a.example with Alice, Bob and Cathy; everybody has seen everything. */
  readonly room: (suite?: string) => Promise<string>
}

export interface ClubhouseOptions {
  /** What differs from the defaults, per domain. */
  readonly providers?: Readonly<Record<string, Partial<ProviderOptions>>>
  readonly keyPackages?: { basic?: number; pseudonymous?: number }
}

/** One for all tests of a file, closed after the last one. */
export function useClubhouse(options: ClubhouseOptions = {}): () => Clubhouse {
  let open: { clubhouse: Clubhouse; directory: string } | undefined
  beforeAll(async () => {
    const directory = mkdtempSync(join(tmpdir(), 'postern-test-'))
    open = { directory, clubhouse: await openClubhouse(directory, options) }
  }, 60_000)
  afterAll(async () => {
    await open?.clubhouse.federation[Symbol.asyncDispose]()
    if (open !== undefined) rmSync(open.directory, { recursive: true, force: true })
  }, 60_000)
  return () => {
    if (open === undefined) throw new Error('not open yet')
    return open.clubhouse
  }
}

async function openClubhouse(
  directory: string,
  { providers = {}, keyPackages = {} }: ClubhouseOptions = {},
): Promise<Clubhouse> {
  const domains = ['a.example', 'b.example', 'c.example']
  const federation = await startFederation(
    directory,
    domains.map((domain) => ({ domain, ...providers[domain] })),
  )
  const [alice, bob, cathy] = await Promise.all([
    federation.provider('a.example').client('alice'),
    federation.provider('b.example').client('bob'),
    federation.provider('c.example').client('cathy'),
  ])
  const clients = [alice, bob, cathy]
  for (const client of clients)
    await client.publishKeyPackages({ basic: 2, pseudonymous: 6, ...keyPackages })
  for (const one of clients)
    for (const other of clients) if (one !== other) one.connect(other.connectionCard())
  const room = async (suite = 'moderated-pseudonyms') => {
    const uri = newRoomUri()
    await alice.createRoom({ room: uri, name: 'Clubhouse', suite })
    await addMember(alice, bob, uri)
    await addMember(alice, cathy, uri)
    await eventually(bob, (event) => event.kind === 'room-changed' && event.room === uri)
    return uri
  }
  return { federation, alice, bob, cathy, room }
}

/** A room URI of a.example that no test has used. */
export function newRoomUri(): string {
  return `mimi://a.example/r/${randomBytes(6).toString('hex')}`
}

/** Adds a user and waits until its client has joined. */
export async function addMember(adder: MimiClient, joiner: MimiClient, room: string) {
  const outcome = await adder.addUser(room, joiner.user)
  if (outcome.kind !== 'accepted') throw new Error(`add answered ${outcome.kind}`)
  await eventually(joiner, (event) => event.kind === 'joined' && event.room === room)
}

type Event = Awaited<ReturnType<MimiClient['receive']>>[number]

/** The events of a client up to and with the first that is wanted. Throws after half a minute. */
export async function eventually(
  client: MimiClient,
  wanted: (event: Event) => boolean,
): Promise<readonly Event[]> {
  const seen: Event[] = []
  const deadline = Date.now() + 30_000
  while (Date.now() < deadline) {
    seen.push(...(await client.receive({ waitMs: 2_000 })))
    if (seen.some(wanted)) return seen
  }
  throw new Error(`not seen: ${seen.map(({ kind }) => kind).join()}`)
}

export type Message = Extract<Event, { kind: 'message' }>

/** Whether an event is the message with this text. */
export function isMessage(text: string): (event: Event) => boolean {
  return (event) => event.kind === 'message' && event.text === text
}

/** Waits for the message with this text. */
export async function message(client: MimiClient, text: string): Promise<Message> {
  const isWanted = isMessage(text)
  const found = (await eventually(client, isWanted)).find(isWanted)
  if (found?.kind !== 'message') throw new Error('no message')
  return found
}
