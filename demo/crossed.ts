import { operations, type Operation } from '../src/model/exchange.ts'
import type { NoticeMessage } from '../src/notices/messages.ts'
import { noticesPath, openMessage } from '../src/notices/signed-message.ts'
import { decode } from '../src/wire/codec.ts'
import { consentEntryCodec } from '../src/wire/mimi/consent.ts'
import { keyMaterialRequestCodec } from '../src/wire/mimi/key-material.ts'
import { headerOf, type Crossing } from './recording.ts'

/** The operation that a crossing's path names; undefined for anything else, such as the directory. */
export function operationOf({ path, method }: Crossing): Operation | undefined {
  const [, name = ''] = path.split('/')
  return method === 'POST' ? operations.find((operation) => operation === name) : undefined
}

/** What a gateway told another one of abuse; undefined where the crossing is none of these. */
export function noticeOf({ path, method, body }: Crossing): NoticeMessage | undefined {
  if (method !== 'POST' || path !== noticesPath) return undefined
  const opened = openMessage(body)
  if (opened.kind === 'malformed') throw new Error(`a malformed notice: ${opened.reason}`)
  return opened.message
}

/** What stands in the path after the operation: a URI, or a domain. */
export function targetOf({ path }: Crossing): string {
  const [, , ...rest] = path.split('/')
  return decodeURIComponent(rest.join('/'))
}

/** The room that a crossing is about: of its path, or for key material and consent of its body. */
export function roomOf(crossing: Crossing): string | undefined {
  switch (operationOf(crossing)) {
    case 'update':
    case 'submitMessage':
    case 'notify':
    case 'groupInfo':
    case 'reportAbuse':
      return targetOf(crossing)
    case 'keyMaterial':
      return decode(keyMaterialRequestCodec, crossing.body).roomId || undefined
    case 'requestConsent':
    case 'updateConsent':
      return decode(consentEntryCodec, crossing.body).roomId
    case 'identifierQuery':
    case 'proxyDownload':
    case undefined:
      return undefined
  }
}

/** The suite that the requester announced; operations outside rooms announce none. */
export function suiteOf({ headers }: Crossing): string {
  return headerOf(headers, 'mimi-metadata-suite') ?? 'outside rooms'
}

/** All that the called provider saw: path, headers, body. */
export function requestBytes({ path, headers, body }: Crossing): Buffer {
  return Buffer.concat([Buffer.from(`${decodeURIComponent(path)}\n${headers.join('\n')}\n`), body])
}

/** All that the calling provider got back. */
export function answerBytes({ answer }: Crossing): Buffer {
  if (answer === undefined) return Buffer.alloc(0)
  return Buffer.concat([Buffer.from(`${answer.headers.join('\n')}\n`), answer.body])
}

export function crossedBytes(crossing: Crossing): Buffer {
  return Buffer.concat([requestBytes(crossing), answerBytes(crossing)])
}

/** The answer's body where the other side did what it was asked. */
export function doneBody({ answer }: Crossing): Buffer | undefined {
  return answer !== undefined && answer.status >= 200 && answer.status < 300
    ? answer.body
    : undefined
}

/** The domain of a MIMI URI. */
export function domainOf(uri: string): string {
  return uri.split('/')[2] ?? ''
}
