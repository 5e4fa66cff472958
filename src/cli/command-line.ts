import { GatewayError } from '../model/errors.ts'
import { PolicyError } from '../settings/policy-files.ts'
import { ConfigurationError, describeProblems } from '../settings/problems.ts'
import { appealsDecideCommand, appealsFileCommand, appealsListCommand } from './appeals.ts'
import { capabilitiesCommand } from './capabilities.ts'
import { agreementsApproveCommand, agreementsRejectCommand } from './agreements-decide.ts'
import { agreementsListCommand } from './agreements-list.ts'
import {
  casesApproveCommand,
  casesClaimCommand,
  casesHandoverCommand,
  casesHoldCommand,
  casesReleaseCommand,
  casesUndoCommand,
} from './cases-act.ts'
import { casesAttachmentCommand } from './cases-attachment.ts'
import { casesDecideCommand } from './cases-decide.ts'
import { casesListCommand } from './cases-list.ts'
import { casesShowCommand } from './cases-show.ts'
import { certsDevCommand } from './certs-dev.ts'
import { UsageError, type Command, type CommandEnvironment, type ExitCode } from './command.ts'
import { configCheckCommand } from './config-check.ts'
import { consentListCommand } from './consent-list.ts'
import { ControlError } from './control-error.ts'
import { decodeCommand } from './decode.ts'
import { healthCommand } from './health.ts'
import { keysListCommand } from './keys-list.ts'
import { keysRotateCommand } from './keys-rotate.ts'
import { labelsShowCommand } from './labels-show.ts'
import { limitsExplainCommand } from './limits-explain.ts'
import { limitsShowCommand } from './limits-show.ts'
import {
  noticesAnswerCommand,
  noticesListCommand,
  noticesRetractCommand,
  noticesShowCommand,
} from './notices.ts'
import { peersScorecardCommand } from './peers-scorecard.ts'
import { peersCommand, peersForgetCommand } from './peers.ts'
import { policyCheckCommand } from './policy-check.ts'
import { policyDiffCommand } from './policy-diff.ts'
import { policyExplainCommand } from './policy-explain.ts'
import { policyInitCommand } from './policy-init.ts'
import { policyKeygenCommand, policySignCommand } from './policy-sign.ts'
import { policyMatrixCommand } from './policy-matrix.ts'
import { policyProveCommand } from './policy-prove.ts'
import { policyShadowCommand, policySimulateCommand } from './policy-replay.ts'
import { policyRollbackCommand, policyStatusCommand } from './policy-status.ts'
import { policyTestCommand } from './policy-test.ts'
import { receiptsListCommand } from './receipts-list.ts'
import { receiptsShowCommand } from './receipts-show.ts'
import { receiptsVerifyCommand } from './receipts-verify.ts'
import { reloadCommand } from './reload.ts'
import { reportsExportCommand } from './reports-export.ts'
import { reportsListCommand } from './reports-list.ts'
import { reportsHandOverCommand } from './reports-hand-over.ts'
import { reportsRouteCommand } from './reports-route.ts'
import { reportsShowCommand } from './reports-show.ts'
import { reportsTransparencyCommand } from './reports-transparency.ts'
import { requirementsHistoryCommand } from './requirements-history.ts'
import { requirementsNegotiateCommand } from './requirements-negotiate.ts'
import { requirementsPublishCommand } from './requirements-publish.ts'
import { requirementsShowCommand } from './requirements-show.ts'
import { requirementsVerifyCommand } from './requirements-verify.ts'
import { sanctionsApplyCommand } from './sanctions-apply.ts'
import { sanctionsListCommand } from './sanctions-list.ts'
import { sanctionsShowCommand, sanctionsUndoCommand } from './sanctions-show.ts'
import { serveCommand } from './serve.ts'
import { verifyCommand } from './verify.ts'
import { versionCommand } from './version.ts'
import { webhooksListCommand, webhooksRedriveCommand, webhooksTestCommand } from './webhooks.ts'

/** Runs `postern <argv>`. Faults become one line on standard error and an exit code, never a stack. */
export async function runCommandLine(
  argv: readonly string[],
  environment: CommandEnvironment,
): Promise<ExitCode> {
  const { out, err } = environment
  const [first = ''] = argv
  if (first === '--version') return versionCommand.run([], environment)
  const command = findCommand(argv)
  const asksForHelp = argv.includes('--help') || argv.includes('-h') || first === 'help'
  if (command === undefined) {
    if (!asksForHelp) err(first === '' ? 'expected a command\n\n' : 'unknown command\n\n')
    ;(asksForHelp ? out : err)(overview())
    return asksForHelp ? 0 : 2
  }
  if (asksForHelp) {
    out(`postern ${command.name} ${command.usage}\n`)
    return 0
  }
  try {
    return await command.run(argv.slice(command.name.split(' ').length), environment)
  } catch (error) {
    const { text, exitCode } = explain(error, command)
    err(`${text}\n`)
    return exitCode
  }
}

function findCommand(argv: readonly string[]): Command | undefined {
  return commands.find(({ name }) => name.split(' ').every((word, at) => argv[at] === word))
}

function overview(): string {
  const lines = commands.map(({ name, summary }) => `  ${name.padEnd(22)} ${summary}`)
  return `postern: a gateway between providers of end-to-end encrypted messaging

usage: postern <command> [options]

${lines.join('\n')}

postern <command> --help shows a command's options.
Exit codes: 0 done, 1 failed or the answer is no, 2 wrong usage or malformed input.
`
}

function explain(error: unknown, { name }: Command): { text: string; exitCode: ExitCode } {
  if (error instanceof UsageError)
    return { text: `${error.message}\ntry postern ${name} --help`, exitCode: 2 }
  if (error instanceof ConfigurationError)
    return { text: describeProblems(error).join('\n'), exitCode: 1 }
  if (error instanceof PolicyError) return { text: error.problems.join('\n'), exitCode: 1 }
  if (error instanceof ControlError)
    return {
      text:
        error.code === 'server-unreachable'
          ? 'no server answers on the control socket: is it running, with this configuration?'
          : [error.code, ...(error.reason === undefined ? [] : [error.reason])].join(' '),
      exitCode: 1,
    }
  if (error instanceof GatewayError) {
    const facts = Object.keys(error.facts).length === 0 ? '' : ` ${JSON.stringify(error.facts)}`
    return { text: `${error.code}${facts}`, exitCode: error.code.startsWith('invalid-') ? 2 : 1 }
  }
  throw error
}

const commands: readonly Command[] = [
  serveCommand,
  configCheckCommand,
  certsDevCommand,
  decodeCommand,
  capabilitiesCommand,
  policyCheckCommand,
  policyTestCommand,
  policyExplainCommand,
  policyInitCommand,
  policyMatrixCommand,
  policyProveCommand,
  policySimulateCommand,
  policyShadowCommand,
  policyKeygenCommand,
  policySignCommand,
  policyStatusCommand,
  policyRollbackCommand,
  policyDiffCommand,
  verifyCommand,
  healthCommand,
  consentListCommand,
  reportsListCommand,
  reportsShowCommand,
  reportsRouteCommand,
  reportsExportCommand,
  reportsTransparencyCommand,
  reportsHandOverCommand,
  noticesListCommand,
  noticesShowCommand,
  noticesAnswerCommand,
  noticesRetractCommand,
  casesListCommand,
  casesShowCommand,
  casesAttachmentCommand,
  casesClaimCommand,
  casesReleaseCommand,
  casesHandoverCommand,
  casesDecideCommand,
  casesApproveCommand,
  casesUndoCommand,
  casesHoldCommand,
  appealsListCommand,
  appealsFileCommand,
  appealsDecideCommand,
  webhooksListCommand,
  webhooksTestCommand,
  webhooksRedriveCommand,
  requirementsShowCommand,
  requirementsPublishCommand,
  requirementsVerifyCommand,
  requirementsHistoryCommand,
  requirementsNegotiateCommand,
  limitsShowCommand,
  limitsExplainCommand,
  receiptsListCommand,
  receiptsShowCommand,
  receiptsVerifyCommand,
  peersForgetCommand,
  peersScorecardCommand,
  peersCommand,
  agreementsListCommand,
  agreementsApproveCommand,
  agreementsRejectCommand,
  labelsShowCommand,
  sanctionsListCommand,
  sanctionsShowCommand,
  sanctionsApplyCommand,
  sanctionsUndoCommand,
  keysListCommand,
  keysRotateCommand,
  reloadCommand,
  versionCommand,
]
