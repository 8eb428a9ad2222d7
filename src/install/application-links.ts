import { lstatSync, mkdtempSync, renameSync, rmSync } from 'node:fs'
import path from 'node:path'
import { KcapError } from '../base/kcap-error.ts'
import { makeFolder } from '../host/make-folder.ts'
import { runProgram } from '../host/run-program.ts'
import { findUserFolders } from '../host/user-folders.ts'
import { linkSchemes, openWords } from './desktop-entry.ts'
import type { LauncherPaths } from './format-launcher.ts'
import type { LinkRegistration } from './link-registration.ts'
import { readExisting } from './replace-file.ts'

const toolTimeoutMs = 60_000
/** Identifier by which kcap recognises its own application. */
const bundleIdentifier = 'kcap.open-link'
const lsregister =
  '/System/Library/Frameworks/CoreServices.framework/Frameworks/LaunchServices.framework/Support/lsregister'

type Argv = readonly [string, ...string[]]

/** Returns the application that macOS starts for a link. */
export function findApplication(environment: NodeJS.ProcessEnv = process.env): string {
  return path.join(findUserFolders(environment, 'darwin').home, 'Applications', 'kcap.app')
}

/**
 * Returns the AppleScript of the application. macOS hands it the link in an Apple event, never in argv. NSTask starts kcap with arguments of its own,
 * without a shell.
 */
export function formatLinkScript({ node, script }: LauncherPaths): string {
  const words = [script, ...openWords].map(quoteText).join(', ')
  return `use framework "Foundation"
use scripting additions
on open location theLink
  set theTask to current application's NSTask's alloc()'s init()
  theTask's setLaunchPath:${quoteText(node)}
  theTask's setArguments:{${words}, theLink}
  theTask's |launch|()
end open location
`
}

/** Quotes a text for AppleScript. */
function quoteText(text: string): string {
  return `"${text.replace(/["\\]/g, '\\$&')}"`
}

/** Returns the programs that make the application in a folder, in order. All of them come with macOS. */
export function formatApplicationSteps(application: string, paths: LauncherPaths): readonly Argv[] {
  const info = path.posix.join(application, 'Contents', 'Info.plist')
  const set = (key: string, type: string, value: string): Argv => ['plutil', '-replace', key, type, value, info]
  const types = [{ CFBundleURLName: 'kcap', CFBundleURLSchemes: linkSchemes }]
  return [
    ['osacompile', '-o', application, '-e', formatLinkScript(paths)],
    set('CFBundleIdentifier', '-string', bundleIdentifier),
    set('CFBundleURLTypes', '-json', JSON.stringify(types)),
    // No icon in the Dock.
    set('LSUIElement', '-bool', 'YES'),
    ['codesign', '--force', '--sign', '-', application],
  ]
}

/**
 * Registers the links with macOS, by an application in ~/Applications.
 * @throws {KcapError} install-failed — when a program of macOS fails
 */
export async function registerApplicationLinks(paths: LauncherPaths): Promise<LinkRegistration> {
  const application = findApplication()
  const owner = findOwner(application)
  if (owner === 'another program') return { state: 'foreign', place: application }
  makeFolder(path.dirname(application))
  const draft = mkdtempSync(path.join(path.dirname(application), '.kcap-'))
  try {
    const made = path.join(draft, 'kcap.app')
    for (const argv of formatApplicationSteps(made, paths)) await runTool(argv, application)
    if (owner === 'kcap') renameSync(application, path.join(draft, 'old.app'))
    renameSync(made, application)
  } finally {
    rmSync(draft, { recursive: true, force: true })
  }
  await runProgram([lsregister, '-f', application], { timeoutMs: toolTimeoutMs })
  return { state: owner === 'kcap' ? 'updated' : 'new', place: application }
}

/** Removes the application that `registerApplicationLinks` made. */
export async function unregisterApplicationLinks(): Promise<LinkRegistration> {
  const application = findApplication()
  if (findOwner(application) !== 'kcap') return { state: 'none', place: application }
  await runProgram([lsregister, '-u', application], { timeoutMs: toolTimeoutMs })
  rmSync(application, { recursive: true })
  return { state: 'removed', place: application }
}

function findOwner(application: string): 'kcap' | 'another program' | 'nobody' {
  const info = readExisting(path.join(application, 'Contents', 'Info.plist'))
  if (info === undefined)
    return lstatSync(application, { throwIfNoEntry: false }) === undefined ? 'nobody' : 'another program'
  return info.includes(`<string>${bundleIdentifier}</string>`) ? 'kcap' : 'another program'
}

async function runTool(argv: Argv, application: string): Promise<void> {
  const { exitCode, stderr, startFailure } = await runProgram(argv, { timeoutMs: toolTimeoutMs })
  if (exitCode === 0) return
  throw new KcapError(
    'install-failed',
    `cannot install "${application}": ${argv[0]}: ${startFailure ?? (stderr.trim() || `exit code ${exitCode}`)}`,
    { hints: ['links do not open; everything else works without them'] },
  )
}
