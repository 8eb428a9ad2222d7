import type { RouteName } from '../base/capture-request.ts'
import { type Hint, line } from '../base/hint.ts'
import { formatTarget, type Target } from '../base/target.ts'

/** Returns the command that repeats a capture over another route: the user's own command line with the route added. */
export function formatCommand(commandLine: string, target: Target, via: RouteName): Hint {
  if (via === 'ssh') return line('kcap', formatTarget(target), '--ssh-host', nodeOf(target))
  return `${commandLine} --via ${via}`
}

function nodeOf(target: Target): string {
  return target.kind === 'ssh' ? target.name.host : (target.node ?? 'NODE')
}
