import type { CaptureProgram } from './capture-program.ts'
import { runTcpdump } from './tcpdump.ts'

/** Shell, permission and programs available to a capture in a container. */
export interface ContainerTools {
  readonly hasShell: boolean
  readonly mayCapture: boolean
  readonly programs: readonly CaptureProgram[]
}

const tcpdump: CaptureProgram = { name: 'tcpdump', filterWords: (filter) => [filter], run: runTcpdump }

/** Container tools by their names in `DemoPodSettings`. */
export const demoTools: Readonly<Record<string, ContainerTools>> = {
  tcpdump: { hasShell: true, mayCapture: true, programs: [tcpdump] },
  'no-permission': { hasShell: true, mayCapture: false, programs: [tcpdump] },
  'no-tcpdump': { hasShell: true, mayCapture: true, programs: [] },
  'no-shell': { hasShell: false, mayCapture: true, programs: [] },
}
