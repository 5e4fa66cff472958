import { decode } from '../src/wire/codec.ts'
import { keyMaterialRequestCodec, keyMaterialResponseCodec } from '../src/wire/mimi/key-material.ts'
import { abuseReportCodec } from '../src/wire/mimi/report-abuse.ts'
import { domainOf, doneBody, requestBytes, suiteOf, targetOf } from './crossed.ts'
import { crossingsOf, Deliveries } from './deliveries.ts'
import { pseudonymsIn, userOfCredential, type Eye } from './eye.ts'
import type { Crossing } from './recording.ts'

/** Something that the bytes gave away although nobody had to look for it in one field. */
export interface Remark {
  readonly name: string
  readonly observer: string
  readonly says: string
  /** How often. */
  readonly count: number
}

/** What a provider can learn by putting together what it saw: from the recorded bytes, like the table. */
export function unflattering(crossings: readonly Crossing[], eye: Eye): readonly Remark[] {
  const { notifies } = new Deliveries(crossings)
  const commits = notifies.filter(({ fanout }) => fanout.kind === 'commit')
  const welcomes = notifies.filter(({ fanout }) => fanout.kind === 'welcome')
  return [
    ...linkedUsers(crossings),
    ...byObserver(commits, ({ crossing }) => crossing).map(([observer, seen]) => ({
      name: 'commits-are-public',
      observer,
      says: `saw who commits, comes and goes in ${counted(seen.length, 'commit')}, as the table names them`,
      count: seen.length,
    })),
    ...byObserver(welcomes, ({ crossing }) => crossing).map(([observer, seen]) => ({
      name: 'welcome-shows-roster',
      observer,
      says: `got the whole roster with ${counted(seen.length, 'Welcome')}: the tree beside it is not sealed`,
      count: seen.length,
    })),
    ...pseudonymsOfOthers(crossings),
    ...roomNames(crossings, eye),
    ...reportedMessages(crossings),
  ]
}

/** Key material is asked for by name and answered with the pseudonym of this room. */
function linkedUsers(crossings: readonly Crossing[]): readonly Remark[] {
  const links = crossingsOf(crossings, 'keyMaterial').flatMap((crossing) => {
    const { targetUser, roomId } = decode(keyMaterialRequestCodec, crossing.body)
    const body = doneBody(crossing)
    const clients = body === undefined ? [] : decode(keyMaterialResponseCodec, body).clients
    const pseudonyms = clients.flatMap((client) =>
      client.clientStatus === 'success'
        ? [userOfCredential(client.keyPackage.value.leafNode.credential)]
        : [],
    )
    const isLinked = pseudonyms.some((pseudonym) => pseudonym !== targetUser)
    return isLinked ? [{ crossing, link: `${nameOf(targetUser)} in ${nameOf(roomId)}` }] : []
  })
  return byObserver(links, ({ crossing }) => ({ to: crossing.from })).map(([observer, seen]) => {
    const known = [...new Set(seen.map(({ link }) => link))]
    return {
      name: 'key-material-links-user-and-pseudonym',
      observer,
      says: `knows who is behind ${counted(known.length, 'pseudonym')} from keyMaterial: ${known.join(', ')}`,
      count: known.length,
    }
  })
}

function pseudonymsOfOthers(crossings: readonly Crossing[]): readonly Remark[] {
  const seen = crossings.flatMap((crossing) =>
    pseudonymsIn(requestBytes(crossing)).map((pseudonym) => ({ crossing, pseudonym })),
  )
  return byObserver(seen, ({ crossing }) => crossing).map(([observer, all]) => {
    const foreign = new Set(
      all.map(({ pseudonym }) => pseudonym).filter((pseudonym) => domainOf(pseudonym) !== observer),
    )
    return {
      name: 'pseudonyms-tell-their-provider',
      observer,
      says: `saw ${counted(foreign.size, 'pseudonym')} of others, users' and clients': each names its provider`,
      count: foreign.size,
    }
  })
}

function roomNames(crossings: readonly Crossing[], eye: Eye): readonly Remark[] {
  const seen = crossingsOf(crossings, 'update').filter(({ body }) => eye.showsRoomName(body))
  return byObserver(seen, (crossing) => crossing).map(([observer, all]) => {
    const rooms = new Set(all.map((crossing) => nameOf(targetOf(crossing))))
    return {
      name: 'group-info-shows-the-room',
      observer,
      says: `read name, roles and roster of ${[...rooms].join(', ')} in the GroupInfo with ${counted(all.length, 'commit')}`,
      count: all.length,
    }
  })
}

function reportedMessages(crossings: readonly Crossing[]): readonly Remark[] {
  return byObserver(crossingsOf(crossings, 'reportAbuse'), (crossing) => crossing).map(
    ([observer, all]) => {
      const messages = all.flatMap(({ body }) => decode(abuseReportCodec, body).messages)
      const suites = [...new Set(all.map(suiteOf))].join(', ')
      return {
        name: 'reports-open-messages',
        observer,
        says: `read ${counted(messages.length, 'message')} that somebody reported (${suites})`,
        count: messages.length,
      }
    },
  )
}

function byObserver<T>(
  items: readonly T[],
  observed: (item: T) => { readonly to: string },
): readonly (readonly [string, readonly T[]])[] {
  const groups = Map.groupBy(items, (item) => observed(item).to)
  return [...groups].toSorted(([one], [other]) => one.localeCompare(other))
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`
}

/** The last part of a URI. */
function nameOf(uri: string): string {
  return uri.split('/').at(-1) ?? ''
}
