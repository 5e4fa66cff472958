import { expect, test } from 'vitest'
import { createAttachmentSource } from '../../../src/assembly/attachment-source.ts'
import { GatewayError } from '../../../src/model/errors.ts'
import type { HandleLocal } from '../../../src/model/handle.ts'
import { assetHost, assetProxy, fetchOf, startAssetServer } from '../../support/asset-server.ts'

function sourceOf(handleLocal: HandleLocal) {
  return createAttachmentSource({
    pipeline: { handleLocal },
    clock: () => 0,
    randomness: (bytes) => Buffer.alloc(bytes),
    deadlineMs: 300,
  })
}

test.each([
  ['begins', false],
  ['ends', true],
])('a host that never %s is given up before the one who waits gives us up', async (_, begins) => {
  const port = await startAssetServer((__, response) => void (begins && response.write('x')))
  const proxy = assetProxy(port)
  const fetchAttachment = sourceOf(async ({ target }, { signal }) => ({
    status: 200,
    bytes: Buffer.alloc(0),
    body: await proxy.fetch(fetchOf(target, signal)),
  }))
  await expect(fetchAttachment(`https://${assetHost}/x`)).rejects.toMatchObject({
    code: 'attachment-unavailable',
    facts: { reason: 'too-slow' },
  })
})

test.each(['rate-limited', 'queue-full', 'draining', 'internal'] as const)(
  '%s is said as it is',
  async (code) => {
    const fetchAttachment = sourceOf(() => Promise.reject(new GatewayError(code)))
    await expect(fetchAttachment(`https://${assetHost}/x`)).rejects.toMatchObject({ code })
  },
)

test('an answer without a body is a refusal', async () => {
  const refused = { status: 403, bytes: Buffer.alloc(0) }
  const fetchAttachment = sourceOf(() => Promise.resolve(refused))
  await expect(fetchAttachment(`https://${assetHost}/x`)).rejects.toMatchObject({
    code: 'attachment-unavailable',
    facts: { reason: 'policies' },
  })
})
