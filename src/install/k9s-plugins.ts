import type { LauncherPaths } from './format-launcher.ts'

/** Shortcuts that neither k9s uses in the views of pods, services and deployments nor a well-known plugin there, the preferred one first. */
export const shortcuts = ['Shift-W', 'Shift-Y', 'Shift-G', 'Shift-H', 'Shift-B'] as const

/** Views of k9s that get a plugin, and the kind of their objects as kcap names it. */
const views = [
  { name: 'kcap-pod', scope: 'pods', kind: 'pod' },
  { name: 'kcap-service', scope: 'services', kind: 'svc' },
  { name: 'kcap-deployment', scope: 'deployments', kind: 'deploy' },
] as const

/** Names of kcap's plugins in k9s. */
export const pluginNames: readonly string[] = views.map(({ name }) => name)

/**
 * Returns the lines of kcap's plugins, without their indentation: https://k9scli.io/topics/plugins/. k9s replaces the words that begin with `$` and
 * runs the command without a shell, in the background, so that its window stays usable. Nobody sees what the command prints; so errors are in a dialog.
 */
export function formatPlugins({ node, script }: LauncherPaths, shortcut: string): string[] {
  return views.flatMap(({ name, scope, kind }) => [
    `${name}:`,
    ...[
      `shortCut: ${shortcut}`,
      'description: Wireshark',
      'scopes:',
      `  - ${scope}`,
      `command: ${quoteText(node)}`,
      'background: true',
      'confirm: false',
      'args:',
      ...[script, `${kind}/$NAME`, '--context=$CONTEXT', '-n', '$NAMESPACE', '--wireshark', '--quiet', '--error-dialog']
        .map(quoteText)
        .map((word) => `  - ${word}`),
    ].map((line) => `  ${line}`),
  ])
}

/** Quotes a text for YAML. Single quotes leave everything else in it alone. */
function quoteText(text: string): string {
  return `'${text.replaceAll("'", "''")}'`
}
