import { quoteArgv } from '../base/quote.ts'
import { openDemo } from '../demo/open-demo.ts'
import { programWords } from '../host/program-name.ts'
import { watchForStop } from '../host/stop-signals.ts'
import { commandTable } from '../request/command-table.ts'
import { namesTarget } from '../request/names-target.ts'
import type { OptionName } from '../request/option-table.ts'
import { type ParsedArguments, parseArguments } from '../request/parse-arguments.ts'
import { parseCount } from '../request/parse-quantity.ts'
import { loadSettings } from '../settings/load-settings.ts'
import { chooseOutput, completeRequest, runCapture } from './capture-command.ts'
import { refuseCaptureWords, serveDemo } from './serve-demo.ts'

/** Default duration, so that whoever tries kcap gets a file instead of a program that runs forever. */
const defaultDuration = '10s'
const maxRate = 1_000_000

/** Runs `kcap demo [POD] …`: an ordinary capture from kcap's own cluster; with `--serve`, only the cluster. */
export async function demo(argv: readonly string[]): Promise<number> {
  const parsed = parseArguments(argv, { more: commandTable.demo.options })
  const rate = parsed.text('rate')
  const isServer = parsed.flag('serve')
  if (isServer) refuseCaptureWords(parsed)
  const stop = watchForStop({ followParent: false })
  try {
    const cluster = await openDemo(rate === undefined ? {} : { packetsPerSecond: parseCount('rate', rate, 1, maxRate) })
    try {
      if (isServer) return await serveDemo(cluster, parsed.flag('quiet'), stop.signal)
      const isLimited =
        parsed.text('duration') !== undefined ||
        parsed.text('count') !== undefined ||
        parsed.text('max-size') !== undefined
      const isWatched = !['file', 'device', 'store'].includes(chooseOutput(parsed).kind)
      const texts: Partial<Record<OptionName, string>> = {
        kubeconfig: cluster.kubeconfigPath,
        context: cluster.context,
      }
      if (!isLimited && !isWatched) texts.duration = defaultDuration
      const completed: ParsedArguments = {
        ...parsed,
        words: namesTarget(parsed) ? parsed.words : [`${cluster.namespace}/${cluster.pod}`],
        text: (name) => texts[name] ?? parsed.text(name),
      }
      const { request } = await completeRequest([], completed, await loadSettings(), stop.signal)
      return await runCapture(
        completed,
        { ...request, commandLine: quoteArgv([...programWords, 'demo', ...argv]) },
        stop.signal,
      )
    } finally {
      await cluster.close()
    }
  } finally {
    stop.close()
  }
}
