import type { NextRequest } from './load.ts'
import { hub, peer, suite, type MessageTemplate, type UnnamedTemplate } from './scene.ts'

/** Which variants of a message a row sends: those of another series are other messages. */
export interface Series {
  readonly number: number
  next: number
}

export type Head = (template: MessageTemplate) => readonly string[]

/** Makers of requests that share one series; each connection writes into a buffer of its own. */
export function requestsOf(
  template: MessageTemplate,
  head: Head,
  series: Series,
): () => NextRequest {
  const lines = [...head(template), `Content-Length: ${template.body.length}`, '', '']
  const start = Buffer.from(lines.join('\r\n'))
  const variableAt = start.length + template.variableAt
  return () => {
    const request = Buffer.concat([start, template.body])
    return () => {
      request.writeUInt32BE(series.number, variableAt)
      request.writeUInt32BE(series.next, variableAt + 4)
      series.next += 1
      return request
    }
  }
}

/** The same for a sender that proves each message. */
export function provenRequestsOf(
  template: UnnamedTemplate,
  head: Head,
  series: Series,
): () => NextRequest {
  const { body, variableAt, messageAt, messageBytes, prove } = template
  const name = 'Mimi-Sender-Proof: '
  const placeholder = prove(body.subarray(messageAt, messageAt + messageBytes))
  const lines = [...head(template), `${name}${placeholder}`, `Content-Length: ${body.length}`]
  const start = Buffer.from([...lines, '', ''].join('\r\n'))
  const proofAt = start.indexOf(name) + name.length
  return () => {
    const request = Buffer.concat([start, body])
    const messageStart = start.length + messageAt
    const message = request.subarray(messageStart, messageStart + messageBytes)
    return () => {
      request.writeUInt32BE(series.number, start.length + variableAt)
      request.writeUInt32BE(series.next, start.length + variableAt + 4)
      series.next += 1
      request.write(prove(message), proofAt, 'latin1')
      return request
    }
  }
}

/** As another provider's gateway asks: the same bytes for Postern and for every bare proxy. */
export const peerHead =
  (operation: string): Head =>
  ({ room }) => [
    `POST /${operation}/${encodeURIComponent(room)} HTTP/1.1`,
    `Host: ${hub}`,
    `From: mimi@${peer}`,
    'Content-Type: application/octet-stream',
    `Mimi-Metadata-Suite: ${suite}`,
  ]

/** As our own delivery service hands in a message for all followers. */
export const fanoutHead =
  (followers: readonly string[]): Head =>
  ({ room }) => [
    `POST /internal/v1/fanout/${encodeURIComponent(room)} HTTP/1.1`,
    'Host: 127.0.0.1',
    'Content-Type: application/octet-stream',
    `Postern-Destinations: ${followers.join(',')}`,
  ]
