import type { Direction, Operation } from '../model/exchange.ts'
import type { Audience, FieldName, Form } from '../model/metadata.ts'
import type { Canary } from './canary.ts'
import type { Cast } from './cast.ts'
import type { Play } from './play.ts'

/** One exchange of a scenario, as the plans see it. */
export interface View {
  readonly operation: Operation
  readonly direction: Direction
  /** The other provider; undefined: our own users. */
  readonly other: string | undefined
  /** The room that it is about; undefined outside rooms. */
  readonly room: string | undefined
  /** Who reads the request: we in that role where it comes in, the other provider where it goes out. */
  readonly reads: Audience
  /** Who reads the answer. */
  readonly asks: Audience
}

/** Something that happens, with a canary in every field of it. */
export interface Scenario {
  /** For people: `reportAbuse out`. */
  readonly name: string
  readonly views: readonly View[]
  readonly play: Play
  readonly canaries: readonly Canary[]
  /** Values that are known only afterwards, such as franks. */
  readonly later?: () => readonly Canary[]
  /** What is sealed to a client, which is none of the audiences. */
  readonly open?: Opener
}

/** The body of an answer without what seals it. */
export type Opener = (body: Buffer) => Buffer

/** Canaries of one part of one scenario. */
export interface Marks {
  /** Text that tells of these fields in this form. */
  word(place: string, field: FieldName | readonly FieldName[], form?: Form): string
  /** Octets that do. */
  octets(place: string, field: FieldName | readonly FieldName[], count: number): Buffer
  /** A value that is there already; exact unless it says in which form it tells. */
  put(place: string, field: FieldName | readonly FieldName[], value: Value | InForm): void
  /** A value that no field stands for. */
  unknown(place: string): Buffer
  readonly all: readonly Canary[]
}

type Value = Buffer | string

interface InForm {
  readonly value: Value
  readonly form: Form
}

export function marksOf({ maker }: Cast, part: Canary['part']): Marks {
  const all: Canary[] = []
  const put: Marks['put'] = (place, field, given) => {
    const { value, form } = isInForm(given) ? given : { value: given, form: 'exact' as const }
    const fields = typeof field === 'string' ? [field] : field
    all.push({ place: `${part}: ${place}`, fields, form, value: Buffer.from(value), part })
  }
  return {
    all,
    put,
    word: (place, field, form = 'exact') => {
      const word = maker.word(place)
      put(place, field, { value: word, form })
      return word
    },
    octets: (place, field, count) => {
      const octets = maker.octets(place, count)
      put(place, field, octets)
      return octets
    },
    unknown: (place) => {
      const octets = maker.octets(place, 24)
      put(place, [], octets)
      return octets
    },
  }
}

function isInForm(given: Value | InForm): given is InForm {
  return typeof given === 'object' && 'form' in given
}
