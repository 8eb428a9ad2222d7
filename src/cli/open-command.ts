import { isatty } from 'node:tty'
import { exitCodes } from '../base/error-codes.ts'
import { Interruption } from '../base/interruption.ts'
import { inContext, KcapError, toKcapError } from '../base/kcap-error.ts'
import { askLoginFolders } from '../host/login-path.ts'
import { watchForStop } from '../host/stop-signals.ts'
import { findContext, loadKubeconfig } from '../kube/kubeconfig.ts'
import { askInDialog, showErrorDialog } from '../prompt/ask-in-dialog.ts'
import { type DialogProgram, findDialogProgram } from '../prompt/dialog-program.ts'
import { applySettings } from '../request/apply-settings.ts'
import { commandTable } from '../request/command-table.ts'
import { parseArguments } from '../request/parse-arguments.ts'
import { refuseOptions } from '../request/refuse-options.ts'
import { widenPath } from '../settings/cluster-settings.ts'
import { loadSettings } from '../settings/load-settings.ts'
import { captureCommand } from './capture-command.ts'
import { type OpenedLink, readLink } from './read-link.ts'
import { printError, printNote } from './report.ts'

/**
 * Runs `kcap open URL`: asks whether to capture what the link names, and shows it in Wireshark. Nothing of the URL becomes an argument except what
 * `readLink` has parsed. With `--dialog`, which links of a desktop use, the question and errors are shown in a dialog: a terminal may be that of
 * whatever started the browser.
 * @throws {KcapError} usage — when the URL is no link of kcap
 * @throws {KcapError} consent-missing — when there is neither a terminal nor a dialog to ask in
 */
export async function open(argv: readonly string[]): Promise<number> {
  const prefersDialog = argv.includes('--dialog')
  const dialog = prefersDialog || !isTerminal() ? await findDialogProgram() : undefined
  try {
    return await openLink(argv, dialog)
  } catch (error) {
    if (error instanceof Interruption || dialog === undefined) throw error
    const failure = toKcapError(error)
    await showErrorDialog(dialog, failure)
    if (!prefersDialog) throw failure
    // The person knows. After another exit code, xdg-open would hand the link to a browser.
    printError(failure, false)
    return exitCodes.done
  }
}

async function openLink(argv: readonly string[], dialog: DialogProgram | undefined): Promise<number> {
  const parsed = parseArguments(argv, { more: commandTable.open.options })
  refuseOptions('open', argv, ['verbose', 'json'])
  const [url, ...surplus] = parsed.words
  if (url === undefined || surplus.length > 0)
    throw new KcapError('usage', 'cannot open a link: there must be one URL', { hints: ["kcap open 'URL'"] })
  const link = readLink(url)
  if (link.context !== undefined) {
    const kubeconfig = applySettings(parsed, await loadSettings()).text('kubeconfig')
    findContext(loadKubeconfig({ paths: kubeconfig === undefined ? undefined : [kubeconfig] }), link.context)
  }
  // A desktop starts programs with a short PATH. The shell answers while the person reads.
  const folders = dialog === undefined ? Promise.resolve([]) : askLoginFolders()
  if (!(await ask(link, dialog))) {
    printNote('the link was not opened')
    return exitCodes.done
  }
  widenPath({ path: await folders })
  return await captureCommand([...link.argv, '--wireshark']).catch((error: unknown) => {
    throw inContext(error, link.context)
  })
}

/** Asks in the dialog, else on the terminal. */
async function ask({ question, agree }: OpenedLink, dialog: DialogProgram | undefined): Promise<boolean> {
  if (dialog === undefined && !isTerminal()) {
    throw new KcapError('consent-missing', 'cannot open the link: there is neither a terminal nor a dialog to ask in', {
      hints: ["in a terminal: kcap open 'URL'", 'on a desktop, install zenity or kdialog'],
    })
  }
  const stop = watchForStop({ followParent: false })
  try {
    const answer =
      dialog === undefined
        ? await (await import('../prompt/ask.ts')).makeQuestions(stop.signal).askConsent(question)
        : await askInDialog(dialog, question, agree, stop.signal)
    stop.signal.throwIfAborted()
    return answer
  } finally {
    stop.close()
  }
}

function isTerminal(): boolean {
  return isatty(0) && isatty(2)
}
