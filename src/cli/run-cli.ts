import { exitCodes } from '../base/error-codes.ts'
import { line, nameProgram, noted } from '../base/hint.ts'
import { Interruption } from '../base/interruption.ts'
import { KcapError, toKcapError } from '../base/kcap-error.ts'
import { isTypo } from '../base/similar-names.ts'
import { findFirstWord } from '../completion/typed-words.ts'
import { programWords } from '../host/program-name.ts'
import { reportStdoutFault } from '../host/stdout-fault.ts'
import { watchTerminal } from '../host/watch-terminal.ts'
import { expandProfiles, isProfile } from '../request/apply-settings.ts'
import { readClusterScope } from '../request/cluster-scope.ts'
import { commands, isCommand } from '../request/command-table.ts'
import { loadSettings } from '../settings/load-settings.ts'
import { formatHelp } from './help.ts'
import { printError, printJsonError, printNote } from './report.ts'

/** Runs the shell interface and returns the exit code. Every error is reported here, in one place. */
export async function runCli(argv: readonly string[]): Promise<number> {
  const endWithTerminal = watchTerminal()
  const isVerbose = argv.includes('--verbose') || argv.includes('-v')
  try {
    return await dispatch(argv)
  } catch (error) {
    if (error instanceof Interruption) return error.exitCode
    const failure = toKcapError(error)
    const scope = readClusterScope(argv)
    if (argv.includes('--json')) printJsonError(failure, scope)
    else printError(failure, isVerbose, scope)
    if (argv.includes('--error-dialog')) await showInDialog(failure)
    return failure.exitCode
  } finally {
    endWithTerminal()
  }
}

async function showInDialog(failure: KcapError): Promise<void> {
  const { findDialogProgram } = await import('../prompt/dialog-program.ts')
  const program = await findDialogProgram()
  if (program === undefined) return
  const { showErrorDialog } = await import('../prompt/ask-in-dialog.ts')
  await showErrorDialog(program, failure)
}

/** Reports once that standard output accepts no more data, even after the command has ended. Captures write there on their own. */
function guardStdout(): void {
  process.stdout.once('error', (error) => {
    process.exitCode = reportStdoutFault(error)
    process.stdout.on('error', () => {})
  })
}

/**
 * Refuses a mistyped command as the first word, which would otherwise be looked up as a pod. Commands of three letters are too close to names of pods,
 * such as `curl`.
 * @throws {KcapError} usage — when the word is a typo of a command
 */
function refuseMisspelledCommand(first: string | undefined, rest: readonly string[]): void {
  if (first === undefined || !/^[a-z]{4,12}$/.test(first)) return
  const near = commands.find((command) => command.length > 3 && isTypo(first, command))
  if (near === undefined) return
  throw new KcapError('usage', `cannot run "${first}": there is no such command`, {
    hints: [line('kcap', near, ...rest), noted('a pod of that name', line('kcap', `pod/${first}`))],
  })
}

async function dispatch(words: readonly string[]): Promise<number> {
  const argv = words.some(isProfile) ? expandProfiles(words, await loadSettings()) : words
  const firstAt = findFirstWord(argv)
  const first = argv[firstAt]
  const rest = argv.filter((_word, at) => at !== firstAt)
  if (argv.includes('--help') || argv.includes('-h') || first === 'help') {
    guardStdout()
    const command = first === 'help' ? rest[0] : first
    process.stdout.write(nameProgram(formatHelp(isCommand(command) ? command : undefined), programWords))
    return exitCodes.done
  }
  if (isCommand(first) && first !== 'demo') guardStdout()
  switch (first) {
    case 'list': {
      const { list } = await import('./list-command.ts')
      return await list(rest)
    }
    case 'demo': {
      const { demo } = await import('./demo-command.ts')
      return await demo(rest)
    }
    case 'install':
    case 'uninstall': {
      const { install } = await import('./install-command.ts')
      return await install(first, rest)
    }
    case 'url': {
      const { url } = await import('./url-command.ts')
      return await url(rest)
    }
    case 'open': {
      const { open } = await import('./open-command.ts')
      return await open(rest)
    }
    case 'doctor': {
      const { doctor } = await import('../doctor/doctor-command.ts')
      return await doctor(rest, printNote)
    }
    case 'record': {
      const { record } = await import('./record-command.ts')
      return await record(rest)
    }
    case 'cleanup': {
      const { cleanup } = await import('./cleanup-command.ts')
      return await cleanup(rest)
    }
    case 'config': {
      const { config } = await import('./config-command.ts')
      return await config(rest)
    }
    case 'completion': {
      const { completion } = await import('../completion/completion-command.ts')
      return await completion(rest)
    }
    default: {
      refuseMisspelledCommand(first, rest)
      const { captureCommand } = await import('./capture-command.ts')
      return await captureCommand(argv)
    }
  }
}
