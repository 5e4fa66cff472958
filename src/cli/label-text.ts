import { fields } from '../metadata/fields.ts'
import type { Label, LabelField, LabelPart } from '../metadata/labels/label.ts'
import {
  isExcess,
  labelSummary,
  partWords,
  purposeWords,
  recipientWords,
  refusedWords,
} from '../metadata/labels/summary.ts'
import { formWords, keptWords } from '../metadata/words.ts'

/** A label for a terminal; `+` marks what is beyond the bare minimum. */
export function labelText(label: Label): string {
  const { title, lead, points } = labelSummary(label)
  const blocks = [
    `${title}\n${lead}`,
    points.map(({ who, gets }) => `- ${who}: ${gets}`).join('\n'),
    ...label.parts.flatMap((part) => partText(label, part)),
  ]
  return `${blocks.filter((block) => block !== '').join('\n\n')}\n`
}

function partText(label: Label, part: LabelPart): readonly string[] {
  return part.recipients.map((recipient) =>
    [
      `${partWords(label, part)}: ${recipientWords(recipient, part.place)}`,
      ...recipient.fields.toSorted((a, b) => Number(isExcess(b)) - Number(isExcess(a))).map(line),
      refusedWords(recipient),
    ]
      .filter((text) => text !== '')
      .join('\n'),
  )
}

function line(row: LabelField): string {
  const { field, form, width, retentionDays, enforcement } = row
  const mark = isExcess(row) ? '+' : ' '
  const kept = `kept ${keptWords(retentionDays)}`
  return `  ${mark} ${fields[field].title}: ${formWords(field, form, width)}, ${kept}, ${purposeWords(row)}, ${enforcement.join(' and ')}`
}
