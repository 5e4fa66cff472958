import type { Form } from '../src/model/metadata.ts'
import { compareForms } from '../src/model/metadata.ts'
import type { Credential } from '../src/wire/mls/credential.ts'
import { crossedBytes, operationOf, roomOf } from './crossed.ts'
import type { Crossing } from './recording.ts'

/** What the demo knows to be real, so that it can recognise it in bytes. */
export interface Secrets {
  readonly providers: readonly string[]
  readonly users: readonly string[]
  readonly clients: readonly string[]
  readonly roomNames: readonly string[]
}

/** Recognises people in bytes, and tells in which form they are there. */
export class Eye {
  private readonly secrets: Secrets
  private readonly roomsOfPseudonym = new Map<string, Set<string>>()

  /**
   * A pseudonym is one of a room only if no bytes of another room have it. Reports do not count: what a
   * reporter hands in about one room may well be from another, and is refused for it.
   */
  constructor(secrets: Secrets, crossings: readonly Crossing[]) {
    this.secrets = secrets
    for (const crossing of crossings) {
      const room = roomOf(crossing)
      if (room === undefined || operationOf(crossing) === 'reportAbuse') continue
      for (const pseudonym of pseudonymsIn(crossedBytes(crossing))) {
        const rooms = this.roomsOfPseudonym.get(pseudonym) ?? new Set()
        this.roomsOfPseudonym.set(pseudonym, rooms.add(room))
      }
    }
  }

  /** Pseudonyms of users and clients, with the rooms in whose bytes they were. */
  get pseudonyms(): ReadonlyMap<string, ReadonlySet<string>> {
    return this.roomsOfPseudonym
  }

  formOf(uri: string): Form {
    if (this.isReal(uri)) return 'exact'
    const rooms = this.roomsOfPseudonym.get(uri)?.size ?? 0
    if (rooms <= 1 && OF_A_DAY.test(uri)) return 'pseudonym-epoch'
    return rooms > 1 ? 'pseudonym-peer' : 'pseudonym-room'
  }

  isReal(uri: string): boolean {
    return this.secrets.users.includes(uri) || this.secrets.clients.includes(uri)
  }

  /** The user that a credential shows. */
  userForm(credential: Credential): Form {
    return this.formOf(userOfCredential(credential))
  }

  /** The client that a credential shows: beside a basic one the leaf's own key is all there is of it. */
  clientForm(credential: Credential): Form {
    if (credential.kind !== 'pseudonymous') return 'pseudonym-room'
    return this.formOf(credential.clientPseudonym.toString('utf8'))
  }

  /** The most exposing form in which these bytes name any user. */
  usersIn(bytes: Buffer): Form {
    return this.peopleIn(bytes, '/u/', this.secrets.users)
  }

  clientsIn(bytes: Buffer): Form {
    return this.peopleIn(bytes, '/d/', this.secrets.clients)
  }

  /** Real URIs of users and clients in these bytes. */
  realIn(bytes: Buffer): readonly string[] {
    return [...this.secrets.users, ...this.secrets.clients].filter((uri) => bytes.includes(uri))
  }

  /** Providers that these bytes name, in pseudonyms too. */
  providersIn(bytes: Buffer): readonly string[] {
    return this.secrets.providers.filter((domain) => bytes.includes(domain))
  }

  showsRoomName(bytes: Buffer): boolean {
    return this.secrets.roomNames.some((name) => bytes.includes(name))
  }

  private peopleIn(bytes: Buffer, kind: string, real: readonly string[]): Form {
    if (real.some((uri) => bytes.includes(uri))) return 'exact'
    const pseudonyms = pseudonymsIn(bytes).filter((uri) => uri.includes(kind))
    return mostExposing(pseudonyms.map((uri) => this.formOf(uri)))
  }
}

/** The URIs of users and clients that are made of a random UUID, or of a certificate of the day. */
export function pseudonymsIn(bytes: Buffer): readonly string[] {
  return [...new Set(bytes.toString('latin1').match(PSEUDONYM))]
}

/** `absent` where there is none. */
export function mostExposing(forms: readonly Form[]): Form {
  return forms.reduce<Form>((most, form) => (compareForms(form, most) > 0 ? form : most), 'absent')
}

export function userOfCredential(credential: Credential): string {
  if (credential.kind === 'pseudonymous') return credential.userPseudonym.toString('utf8')
  return credential.kind === 'basic' ? credential.identity.toString('utf8') : ''
}

const PSEUDONYM =
  /mimi:\/\/[a-z0-9.-]+\/(?:[ud]\/[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|u\/e~[\w-]{22})/g
const OF_A_DAY = /\/u\/e~[\w-]{22}$/
