import { exitCodes } from '../base/error-codes.ts'
import { Interruption } from '../base/interruption.ts'
import { toKcapError } from '../base/kcap-error.ts'
import { expandProfiles, isProfile } from '../request/apply-settings.ts'
import { loadSettings } from '../settings/load-settings.ts'
import { readClusterScope } from './cluster-scope.ts'
import { isCommand } from './command-table.ts'
import { formatHelp } from './help.ts'
import { printError, printJsonError } from './report.ts'

/** The shell's face. Gives the exit code; every error ends here, in one place. */
export async function runCli(argv: readonly string[]): Promise<number> {
  const isVerbose = argv.includes('--verbose') || argv.includes('-v')
  try {
    return await dispatch(argv)
  } catch (error) {
    if (error instanceof Interruption) return error.exitCode
    const failure = toKcapError(error)
    const scope = readClusterScope(argv)
    if (argv.includes('--json')) printJsonError(failure, scope)
    else printError(failure, isVerbose, scope)
    return failure.exitCode
  }
}

async function dispatch(words: readonly string[]): Promise<number> {
  const argv = words.some(isProfile) ? expandProfiles(words, await loadSettings()) : words
  const [first, ...rest] = argv
  if (argv.includes('--help') || argv.includes('-h') || first === 'help') {
    const command = first === 'help' ? rest[0] : first
    process.stdout.write(formatHelp(isCommand(command) ? command : undefined))
    return exitCodes.done
  }
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
    case 'doctor': {
      const { doctor } = await import('./doctor-command.ts')
      return await doctor(rest)
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
      const { completion } = await import('./completion-command.ts')
      return await completion(rest)
    }
    default: {
      const { captureCommand } = await import('./capture-command.ts')
      return await captureCommand(argv)
    }
  }
}
