import type { RouteName } from '../base/capture-request.ts'
import { type Hint, line } from '../base/hint.ts'
import { formatTarget, type Target } from '../base/target.ts'

/** What repeats a capture by another way: the user's own command line with the way added, or where to choose it in Wireshark. */
export function formatCommand(commandLine: string, target: Target, via: RouteName): Hint {
  if (commandLine.includes('--extcap-interface')) return `in Wireshark: the gear of the interface, Route: ${via}`
  if (via === 'ssh') return line('kcap', formatTarget(target), '--ssh-host', nodeOf(target))
  return `${commandLine} --via ${via}`
}

function nodeOf(target: Target): string {
  return target.kind === 'ssh' ? target.name.host : (target.node ?? 'NODE')
}
