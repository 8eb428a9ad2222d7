import { makeHexId } from '../random/seeded-random.ts'
import type { CaptureEnvironment } from './capture-program.ts'
import type { ContainerTools } from './container-tools.ts'
import { type ExecEnd, programNotFound } from './exec-protocol.ts'
import type { ExecSocket } from './exec-socket.ts'
import { isProbe, runProbe } from './probe.ts'
import { parseSupervised, type SupervisorSettings, supervise } from './supervise.ts'

export interface ExecSettings {
  readonly argv: readonly string[]
  readonly tools: ContainerTools
  readonly supervisor: Omit<SupervisorSettings, 'programs'>
  readonly environment: Omit<CaptureEnvironment, 'terminated'>
}

const shells: readonly string[] = ['sh', '/bin/sh', 'ash', '/bin/ash']
const programFolders: readonly string[] = ['', '/usr/bin/', '/usr/sbin/']

/** Runs a command in a demo pod. Supports the supervised capture, capture programs, and a shell that knows no other program. */
export async function runExec(io: ExecSocket, settings: ExecSettings): Promise<ExecEnd> {
  const { argv, environment } = settings
  const { hasShell, programs } = settings.tools
  const [program = ''] = argv
  const exited = (code: number): ExecEnd => ({ kind: 'exited', code, argv })
  const notFound: ExecEnd = { kind: 'refused', text: programNotFound(makeHexId('exec', ...argv), program) }

  if (shells.includes(program)) {
    if (!hasShell) return notFound
    const supervised = parseSupervised(argv)
    if (supervised !== undefined)
      return exited(await supervise(supervised, io, { ...settings.supervisor, programs }, environment))
    if (isProbe(argv))
      return exited(
        await runProbe(
          io,
          programs.map(({ name }) => name),
          environment,
        ),
      )
    // `sh -c '… exec "$@"' sh PROGRAM …`: remote/capture-command.ts, makeToolArgv.
    if (argv[1] === '-c' && argv[3] === 'sh' && argv[2]?.endsWith('exec "$@"')) {
      return await runExec(io, { ...settings, argv: argv.slice(4) })
    }
    if (argv[1] !== '-c') return exited(0)
    const command = (argv[2] ?? '').trim().split(/\s+/)[0] ?? ''
    if (command === 'exit') return exited(Number(/exit\s+(\d+)/.exec(argv[2] ?? '')?.[1] ?? 0))
    await io.writeStderr(`sh: 1: ${command}: not found\n`)
    return exited(127)
  }
  const known = programs.find(({ name }) => programFolders.some((folder) => `${folder}${name}` === program))
  if (known === undefined) return notFound
  // Without a supervisor, it continues after its connection is gone, like a real one, until the container ends.
  return exited(await known.run(argv.slice(1), io, { ...environment, terminated: environment.killed }))
}
