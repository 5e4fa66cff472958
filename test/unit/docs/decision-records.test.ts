import { expect, test } from 'vitest'
import {
  admissionOf,
  decisionLogTo,
  memorySink,
  planOf,
  submission,
} from '../../support/decisions.ts'
import { regenerate } from '../../support/generated-docs.ts'

test('docs/policies.md shows records as they are written', async () => {
  const sink = memorySink()
  const { decisionLog } = decisionLogTo([sink], { sampleAllows: 1 })
  const [granted, refused] = [submission(), submission({ peer: { class: 'quarantined' } })]
  decisionLog.disclosure(granted, planOf(granted, 'follower'), 'follower')
  decisionLog.admission(refused, admissionOf(refused), 'room-pseudonym')
  await decisionLog[Symbol.asyncDispose]()
  const shown = sink.records.map(
    (record) => `\`\`\`json\n${JSON.stringify(record, null, 2)}\n\`\`\``,
  )
  const document = await regenerate('docs/policies.md', 'decision records', shown.join('\n\n'))
  await expect(document.text).toMatchFileSnapshot(document.file)
})
