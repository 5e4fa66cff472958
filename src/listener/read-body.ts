import type { IncomingMessage } from 'node:http'
import { GatewayError } from '../model/errors.ts'

/**
 * The whole body, whatever its content type says, never decompressed. Throws `body-too-large` without
 * reading on, `malformed-request` where it was cut off or says that it is encoded.
 */
export function readBody(request: IncomingMessage, bytesMax: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    let first: Buffer | undefined
    let rest: Buffer[] | undefined
    let received = 0
    const refusal = refuseByHeaders(request, bytesMax)
    if (refusal !== undefined) {
      reject(refusal)
      return
    }
    request.on('data', (chunk: Buffer) => {
      received += chunk.length
      if (received > bytesMax) {
        request.pause()
        reject(tooLarge(bytesMax))
      } else if (first === undefined) first = chunk
      else (rest ??= [first]).push(chunk)
    })
    request.on('end', () => {
      resolve(rest === undefined ? (first ?? EMPTY) : Buffer.concat(rest, received))
    })
    request.on('error', (cause) => reject(new GatewayError('malformed-request', { cause })))
  })
}

function refuseByHeaders(request: IncomingMessage, bytesMax: number): GatewayError | undefined {
  const { 'content-length': length, 'content-encoding': encoding } = request.headers
  if (length !== undefined && Number(length) > bytesMax) return tooLarge(bytesMax)
  if (encoding !== undefined && encoding !== 'identity')
    return new GatewayError('malformed-request', { facts: { part: 'content-encoding' } })
  return undefined
}

function tooLarge(bytesMax: number): GatewayError {
  return new GatewayError('body-too-large', { facts: { bytesMax } })
}

const EMPTY = Buffer.alloc(0)
