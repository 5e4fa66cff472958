import { readFile, stat } from 'node:fs/promises'
import { tokenStructs } from '../privacypass/registry.ts'
import { decode, type AnyCodec } from '../wire/codec.ts'
import { WireError } from '../wire/errors.ts'
import { structs } from '../wire/mimi/registry.ts'
import { toJson } from '../wire/to-json.ts'
import { UsageError, type Command, type CommandEnvironment } from './command.ts'
import { expectPositionals, readOptions } from './options.ts'

export const decodeCommand: Command = {
  name: 'decode',
  summary: 'show a MIMI, MLS or Privacy Pass struct as JSON',
  usage: `--type STRUCT [--hex HEX | --file FILE]

  --type STRUCT  the struct's name in its draft, such as UpdateRequest or MLSMessage
  --hex HEX      the bytes, hexadecimal; white space is ignored
  --file FILE    the bytes; without --hex and --file they are read from standard input
  --reveal       show content, notes and secrets too, not only their length
  --list         list the structs

Bytes are shown as hexadecimal, 64-bit numbers as strings. Exit code 2 for what does not decode, with
a code and its offset as JSON on standard error.`,
  run: async (args, environment) => {
    const { values, positionals } = readOptions(args, {
      type: { type: 'string' },
      hex: { type: 'string' },
      file: { type: 'string' },
      reveal: { type: 'boolean', default: false },
      list: { type: 'boolean', default: false },
    })
    expectPositionals(positionals, [])
    const { type, hex, file, reveal, list } = values
    if (list) {
      environment.out(`${Object.keys(codecs).toSorted().join('\n')}\n`)
      return 0
    }
    if (type === undefined) throw new UsageError('expected --type STRUCT or --list')
    if (hex !== undefined && file !== undefined)
      throw new UsageError('expected either --hex or --file')
    const fail = (error: object) => {
      environment.err(`${JSON.stringify({ error })}\n`)
      return 2 as const
    }
    const codec = Object.hasOwn(codecs, type) ? codecs[type] : undefined
    if (codec === undefined) return fail({ code: 'unknown-struct' })
    const bytes = await readInput({ hex, file }, environment)
    if (typeof bytes === 'string') return fail({ code: bytes })
    try {
      const json = toJson(decode(codec, bytes), { reveal })
      environment.out(`${JSON.stringify(json, undefined, 2)}\n`)
      return 0
    } catch (error) {
      if (error instanceof WireError) return fail({ code: error.code, at: error.at })
      throw error
    }
  },
}

const codecs: Readonly<Record<string, AnyCodec>> = { ...structs, ...tokenStructs }

type InputFault = 'invalid-hex' | 'unreadable-file' | 'too-large'

async function readInput(
  { hex, file }: { hex: string | undefined; file: string | undefined },
  { stdin }: CommandEnvironment,
): Promise<Buffer | InputFault> {
  if (hex !== undefined) return fromHex(hex)
  if (file === undefined) return fromStream(stdin)
  try {
    if ((await stat(file)).size > INPUT_BYTES_MAX) return 'too-large'
    return await readFile(file)
  } catch {
    return 'unreadable-file'
  }
}

function fromHex(text: string): Buffer | InputFault {
  const digits = text.replaceAll(/\s/g, '')
  return /^([0-9a-f]{2})*$/i.test(digits) ? Buffer.from(digits, 'hex') : 'invalid-hex'
}

async function fromStream(stream: AsyncIterable<Uint8Array>): Promise<Buffer | InputFault> {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of stream) {
    size += chunk.length
    if (size > INPUT_BYTES_MAX) return 'too-large'
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

const INPUT_BYTES_MAX = 67_108_864
