import { version } from '../base/version.ts'
import { writeAnswer } from '../host/write-answer.ts'
import { takeSecrets } from './take-secrets.ts'
import { readWarmList } from './warm-list.ts'

/** Question from Wireshark, identified without loading anything: each question costs Wireshark a start of kcap. */
export type ExtcapVerb =
  | 'interfaces'
  | 'refresh'
  | 'dlts'
  | 'config'
  | 'reload'
  | 'filter'
  | 'capture'
  | 'cleanup'
  | 'version'
  | 'help'

/** Returns Wireshark's question; undefined if there is none, which means that a person is at the shell. */
export function findVerb(argv: readonly string[]): ExtcapVerb | undefined {
  const has = (name: string) => argv.some((word) => word === name || word.startsWith(`${name}=`))
  if (has('--capture')) return 'capture'
  if (has('--extcap-capture-filter')) return 'filter'
  if (has('--extcap-interfaces')) return 'interfaces'
  if (has('--kcap-refresh')) return 'refresh'
  if (has('--extcap-dlts')) return 'dlts'
  if (has('--extcap-reload-option')) return 'reload'
  if (has('--extcap-config') || has('--extcap-config-option-name')) return 'config'
  if (has('--extcap-cleanup-postkill')) return 'cleanup'
  if (has('--extcap-version')) return 'version'
  return undefined
}

/** Answers one question and returns the exit code. */
export async function runExtcap(verb: ExtcapVerb, words: readonly string[]): Promise<number> {
  const argv = takeSecrets(words)
  switch (verb) {
    case 'interfaces': {
      const warm = readWarmList()
      if (warm !== undefined) return await writeAnswer(warm)
      const { listExtcapInterfaces } = await import('./interfaces.ts')
      await writeAnswer(await listExtcapInterfaces())
      // Wireshark waits for this process to end; leftovers of a slow login would delay that.
      return process.exit(0)
    }
    case 'refresh': {
      const { refreshList } = await import('./interfaces.ts')
      await refreshList(argv.find((word) => word.startsWith('--kcap-refresh='))?.replace(/^.*?=/s, ''))
      return process.exit(0)
    }
    case 'dlts': {
      const { formatDlts } = await import('./dlts.ts')
      return await writeAnswer(formatDlts())
    }
    case 'config': {
      const { formatConfig } = await import('./config.ts')
      return await writeAnswer(formatConfig(argv))
    }
    case 'reload': {
      const { reloadList } = await import('./reload.ts')
      await writeAnswer((await reloadList(argv)) ?? '')
      return process.exit(0)
    }
    case 'filter': {
      const { answerFilter } = await import('./filter.ts')
      const verdict = await answerFilter(argv)
      return verdict === undefined ? 1 : await writeAnswer(verdict)
    }
    case 'capture': {
      const { capture } = await import('./capture.ts')
      return await capture(argv)
    }
    case 'cleanup': {
      const { sweepPrivateFolders } = await import('../host/private-folder.ts')
      sweepPrivateFolders()
      return 0
    }
    case 'version':
      return await writeAnswer(`extcap {version=${version}}\n`)
    case 'help':
      return await writeAnswer(help)
  }
}

const help = `kcap-extcap ${version}: kcap as Wireshark starts it

  kcap-extcap --extcap-interfaces
  kcap-extcap --extcap-config --extcap-interface NAME
  kcap-extcap --capture --extcap-interface NAME --fifo FILE
  kcap-extcap --capture --fifo FILE --namespace NS --pod POD

kcap --help lists the options of a capture. kcap install puts kcap into Wireshark's interface list.
`
