import type { CaptureEnvironment } from './capture-program.ts'
import type { ExecSocket } from './exec-socket.ts'

const otherPrograms: readonly string[] = ['timeout', 'head', 'sleep']
const netRaw = '0000000000002000'
const none = '0000000000000000'

/** Returns whether a command is the probe for capture tools: `remote/probe-script.ts`, which the demo does not interpret. */
export function isProbe(argv: readonly string[]): boolean {
  return argv[1] === '-c' && argv[3] === 'kcap-probe'
}

/** Prints the probe's answer for a container with these capture programs. */
export async function runProbe(
  io: ExecSocket,
  programs: readonly string[],
  { mayCapture, nowMs }: Pick<CaptureEnvironment, 'mayCapture' | 'nowMs'>,
): Promise<number> {
  const lines = [
    ...[...programs, ...otherPrograms].map((program) => `program ${program}`),
    `user ${mayCapture ? 0 : 1000}`,
    `capabilities ${mayCapture ? netRaw : none}`,
    'machine x86_64',
    `time ${(nowMs() / 1000).toFixed(9)}`,
  ]
  await io.writeStdout(Buffer.from(`${lines.join('\n')}\n`))
  return 0
}
