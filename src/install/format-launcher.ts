import { realpathSync } from 'node:fs'
import path from 'node:path'
import { quote } from '../base/quote.ts'

/** Line by which kcap recognises launchers that it may replace and remove. */
export const launcherMark = "written by 'kcap install'"

/** Absolute paths that a launcher starts, because a desktop starts Wireshark with a short PATH. */
export interface LauncherPaths {
  readonly node: string
  readonly script: string
  /** Folders to search for programs after PATH. */
  readonly folders?: readonly string[]
}

/** Returns the paths of the running Node and program, with npm's links resolved. */
export function findOwnPaths(): LauncherPaths {
  return { node: process.execPath, script: realpathSync(process.argv[1] ?? '') }
}

export function launcherName(platform: NodeJS.Platform = process.platform): string {
  return platform === 'win32' ? 'kcap.cmd' : 'kcap'
}

export function formatLauncher(paths: LauncherPaths, platform: NodeJS.Platform = process.platform): string {
  return platform === 'win32' ? formatCommandFile(paths) : formatShellScript(paths)
}

/** Parses the paths in a launcher; returns undefined if kcap did not write it. */
export function readLauncher(text: string): LauncherPaths | undefined {
  if (!text.includes(launcherMark)) return undefined
  const shell = (name: string) => new RegExp(`^${name}=(.*)$`, 'm').exec(text)?.[1]
  const [, node, script] = /^"(.*)" "(.*)" %\*\r?$/m.exec(text) ?? []
  if (node !== undefined && script !== undefined)
    return { node: node.replaceAll('%%', '%'), script: script.replaceAll('%%', '%') }
  const folders = unquote(shell('folders')).split(':')
  return {
    node: unquote(shell('node')),
    script: unquote(shell('program')),
    ...(folders[0] !== '' && { folders }),
  }
}

function unquote(word = ''): string {
  return word.startsWith("'") ? word.slice(1, -1).replaceAll("'\\''", "'") : word
}

/**
 * Returns the launcher for Unix. It is short, so that no update has to change it: the answers to Wireshark are next to the program. It uses `exec`,
 * because Wireshark ends a capture by signalling its direct child only. Its last lines handle a kcap or Node that is gone: Wireshark up to 4.0 waits
 * forever for an extcap that dies before opening its FIFO.
 */
function formatShellScript({ node, script, folders = [] }: LauncherPaths): string {
  return `#!/bin/sh
# kcap for Wireshark, ${launcherMark}; 'kcap uninstall' removes it.
node=${quote(node)}
program=${quote(script)}
launcher=${quote(path.join(path.dirname(script), 'launcher.sh'))}
${folders.length === 0 ? '' : formatFolders(folders)}if [ -r "$launcher" ]; then . "$launcher"; fi
state="kcap cannot start: Node or kcap itself is gone; type: kcap install"
option=''
for word; do
  case $option$word in
    --extcap-interfaces*) printf 'extcap {version=0}{display=kcap}\\ninterface {value=kcap-gone}{display=%s}\\n' "$state" ;;
    --fifo=*) [ ! -p "\${word#*=}" ] || : >"\${word#*=}" ;;
    --fifo*) [ ! -p "$word" ] || : >"$word" ;;
    --capture) echo "$state" >&2 ;;
  esac
  option=''
  if [ "$word" = --fifo ]; then option=--fifo; fi
done
`
}

/**
 * Returns the lines that extend PATH. A desktop starts Wireshark without the folders that the user's shell adds, and credential plugins are there.
 */
function formatFolders(folders: readonly string[]): string {
  return `folders=${quote(folders.join(':'))}\nPATH=\${PATH:-/usr/bin:/bin}:$folders; export PATH\n`
}

/**
 * Returns the launcher for Windows. It switches to UTF-8 only if needed: cmd.exe reads a file in the console's code page, and changing that starts a
 * program.
 */
function formatCommandFile({ node, script }: LauncherPaths): string {
  const word = (text: string) => `"${text.replaceAll('%', '%%')}"`
  const isAscii = /^[\x20-\x7e]*$/.test(node + script)
  const lines = [
    '@echo off',
    `rem kcap for Wireshark, ${launcherMark}; 'kcap uninstall' removes it.`,
    ...(isAscii ? [] : ['chcp 65001 >nul']),
    `${word(node)} ${word(script)} %*`,
  ]
  return `${lines.join('\r\n')}\r\n`
}
