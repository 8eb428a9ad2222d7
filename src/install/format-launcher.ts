import { realpathSync } from 'node:fs'
import path from 'node:path'
import { quote } from '../base/quote.ts'

/** By this line kcap knows what it may replace and remove. */
export const launcherMark = "written by 'kcap install'"

/** What a launcher starts, by absolute paths: a desktop starts Wireshark with a short PATH. */
export interface LauncherPaths {
  readonly node: string
  readonly script: string
  /** Where programs are looked for behind PATH. */
  readonly folders?: readonly string[]
}

/** The Node and the program that run now, past npm's links to it. */
export function findOwnPaths(): LauncherPaths {
  return { node: process.execPath, script: realpathSync(process.argv[1] ?? '') }
}

export function launcherName(platform: NodeJS.Platform = process.platform): string {
  return platform === 'win32' ? 'kcap.cmd' : 'kcap'
}

export function formatLauncher(paths: LauncherPaths, platform: NodeJS.Platform = process.platform): string {
  return platform === 'win32' ? formatCommandFile(paths) : formatShellScript(paths)
}

/** The paths in a launcher of kcap's; undefined when it is none. */
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
 * Few lines, which no update has to change: what Wireshark is answered lies with the program. `exec` there, because Wireshark ends a
 * capture by a signal to its direct child only. The end is for a kcap or a Node that is gone: Wireshark up to 4.0 waits for ever for an
 * extcap that dies before it has opened its FIFO.
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

/** A desktop starts Wireshark with a PATH that lacks what the user's shell adds, and credential plugins are there. */
function formatFolders(folders: readonly string[]): string {
  return `folders=${quote(folders.join(':'))}\nPATH=\${PATH:-/usr/bin:/bin}:$folders; export PATH\n`
}

/** UTF-8 only where it is needed: cmd.exe takes a file for one of the console's code page, and starts a program to change that. */
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
