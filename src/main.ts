import { writeSync } from 'node:fs'
import { commit, version } from './base/version.ts'
import { findVerb, runExtcap } from './extcap/front.ts'
import { useCompileCache } from './host/compile-cache.ts'
import { writeAnswer } from './host/write-answer.ts'

/** Chooses between extcap and shell. Wireshark's arguments identify its questions, whatever the name of the program. */
async function main(argv: readonly string[]): Promise<number> {
  const isCompletion = argv[0] === '--kcap-complete'
  // The words after `kcap open` come from whoever wrote a link.
  const isLink = argv[0] === 'open'
  const verb = isCompletion || isLink ? undefined : findVerb(argv)
  if (!isCompletion && !isLink && verb === undefined && argv.includes('--version'))
    return await writeAnswer(formatVersion(argv.includes('-v') || argv.includes('--verbose')))
  useCompileCache()
  if (isCompletion) {
    const { complete } = await import('./completion/complete.ts')
    return await complete(argv.slice(1))
  }
  if (verb !== undefined) return await runExtcap(verb, argv)
  const isExtcapName = /kcap-extcap(\.cjs)?$/.test(process.argv[1] ?? '')
  if (isExtcapName) return await runExtcap('help', argv)
  const { runCli } = await import('./cli/run-cli.ts')
  return await runCli(argv)
}

/** Returns the version; a report of a fault also needs the commit, Node and the platform. */
function formatVersion(isVerbose: boolean): string {
  if (!isVerbose) return `kcap ${version}\n`
  return `kcap ${version} (commit ${commit ?? 'unknown'}), Node ${process.version}, ${process.platform}-${process.arch}\n`
}

/** Reports an error that neither interface has caught: kcap's own files can't be loaded. */
function reportFault(error: NodeJS.ErrnoException): number {
  const isLimit = error.code === 'EMFILE' || error.code === 'ENFILE'
  const state = isLimit ? 'too many files are open: ulimit -n 1024' : error.message
  writeSync(2, `kcap: error: cannot load its own files: ${state}\n`)
  return 1
}

void main(process.argv.slice(2))
  .catch(reportFault)
  .then((exitCode) => {
    process.exitCode ??= exitCode
  })
