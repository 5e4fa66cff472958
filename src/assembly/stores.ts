import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { journalMigrations } from '../audit/journal.ts'
import { answerMigrations } from '../delivery/answer-store.ts'
import { outboxMigrations } from '../delivery/outbox-migrations.ts'
import { exportMigrations } from '../exports/count-tables.ts'
import { feedMigrations } from '../feeds/tables.ts'
import { logCoverageMigrations } from '../franking/log-coverage.ts'
import { relayLogMigrations } from '../franking/relay-log.ts'
import { stampMigrations } from '../franking/stamp-store.ts'
import { penaltyMigrations } from '../issuer/penalties.ts'
import { quotaMigrations } from '../issuer/quota-store.ts'
import { agreementsMigrations } from '../peers/agreement-store.ts'
import { consentMigrations } from '../peers/consent-ledger.ts'
import { bundleMigrations } from '../policy/bundle-ledger.ts'
import { requirementDocumentsMigrations } from '../peers/requirement-documents.ts'
import { roomSuitesMigrations } from '../peers/room-suites.ts'
import { noticeMigrations } from '../notices/tables.ts'
import { notificationsMigrations } from '../pipeline/notifications.ts'
import { pendingUpdatesMigrations } from '../pipeline/pending-updates.ts'
import { unheardMessagesMigrations } from '../pipeline/unheard-messages.ts'
import { receiptMigrations } from '../receipts/receipt-store.ts'
import { caseMigrations } from '../reports/cases/case-tables.ts'
import { reportMigrations } from '../reports/report-store.ts'
import { roomsMigrations } from '../rooms/migrations.ts'
import { sanctionsMigrations } from '../sanctions/migrations.ts'
import { certificateMigrations } from '../senders/certificate-store.ts'
import { standingMigrations } from '../senders/provider-standing.ts'
import { submitLogMigrations } from '../senders/submit-log.ts'
import { openStore, type Store } from '../sqlite/store.ts'

/** The gateway's own database, with the tables of every folder that keeps something. */
export async function openGatewayStore(dataDirectory: string): Promise<Store> {
  await mkdir(dataDirectory, { recursive: true, mode: 0o700 })
  return openStore({ path: join(dataDirectory, 'postern.sqlite'), migrations })
}

/** New ones are added at the end of their folder's list, and folders at the end of this one. */
const migrations = [
  ...roomsMigrations,
  ...stampMigrations,
  ...outboxMigrations,
  ...journalMigrations,
  ...reportMigrations,
  ...notificationsMigrations,
  ...roomSuitesMigrations,
  ...answerMigrations,
  ...pendingUpdatesMigrations,
  ...unheardMessagesMigrations,
  ...requirementDocumentsMigrations,
  ...agreementsMigrations,
  ...consentMigrations,
  ...bundleMigrations,
  ...receiptMigrations,
  ...sanctionsMigrations,
  ...quotaMigrations,
  ...penaltyMigrations,
  ...certificateMigrations,
  ...standingMigrations,
  ...submitLogMigrations,
  ...relayLogMigrations,
  ...logCoverageMigrations,
  ...noticeMigrations,
  ...caseMigrations,
  ...feedMigrations,
  ...exportMigrations,
]
