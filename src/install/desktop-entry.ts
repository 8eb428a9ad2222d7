import { type LauncherPaths, launcherMark } from './format-launcher.ts'

/** Name of the desktop entry that opens links. */
export const entryName = 'kcap-open.desktop'
/** URL schemes of links: a target, and a shared capture. */
export const linkSchemes = ['kcap', 'kcaps'] as const

/** Arguments of kcap in front of a link. No argument after `--` is an option. */
export const openWords = ['open', '--dialog', '--'] as const

/**
 * Returns the desktop entry: https://specifications.freedesktop.org/desktop-entry-spec/latest/. The desktop passes a link as a single argument, `%u`.
 */
export function formatDesktopEntry({ node, script }: LauncherPaths): string {
  const types = linkSchemes.map((scheme) => `${handlerType(scheme)};`).join('')
  return `[Desktop Entry]
# ${launcherMark}; 'kcap uninstall' removes it.
Type=Application
Name=kcap
GenericName=Packet capture
Comment=Asks before it captures what a link names, and shows the packets in Wireshark
Exec=${[node, script, ...openWords].map(quoteWord).join(' ')} %u
NoDisplay=true
Terminal=false
MimeType=${types}
`
}

/** Returns the MIME type under which desktops look up the program for a URL scheme. */
export function handlerType(scheme: string): string {
  return `x-scheme-handler/${scheme}`
}

/** Quotes a word for `Exec`, unless it is plain: xdg-open itself, on desktops that it does not know, reads no quotes. */
function quoteWord(word: string): string {
  if (/^[\w/.,:@+-]+$/.test(word)) return word
  // First the quotes of Exec, then the escapes of every value.
  return `"${word.replace(/["`$\\]/g, '\\$&').replaceAll('%', '%%')}"`.replaceAll('\\', '\\\\')
}
