import type { ExecProtocol } from './exec-socket.ts'

/** How an exec ended. */
export type ExecEnd =
  | { readonly kind: 'exited'; readonly code: number; readonly argv: readonly string[] }
  | { readonly kind: 'refused'; readonly text: string }

/**
 * The Status on the error channel. With v4 it is the kubelet's own; v5 ends in the API server, which reads the kubelet's over SPDY
 * and writes one anew: k8s.io/apimachinery/pkg/util/proxy/streamtranslator.go.
 */
export function formatExecStatus(end: ExecEnd, protocol: ExecProtocol): object {
  if (end.kind === 'refused')
    return internalError(protocol === 'v5.channel.k8s.io' ? `Internal error occurred: ${end.text}` : end.text)
  if (end.code === 0) return { metadata: {}, status: 'Success' }
  const exitError =
    protocol === 'v5.channel.k8s.io'
      ? `command terminated with exit code ${end.code}`
      : `error executing command [${end.argv.join(' ')}], exit code ${end.code}`
  return {
    metadata: {},
    status: 'Failure',
    message: `command terminated with non-zero exit code: ${exitError}`,
    reason: 'NonZeroExitCode',
    details: { causes: [{ reason: 'ExitCode', message: String(end.code) }] },
  }
}

function internalError(text: string): object {
  return {
    metadata: {},
    status: 'Failure',
    message: `Internal error occurred: ${text}`,
    reason: 'InternalError',
    details: { causes: [{ message: text }] },
    code: 500,
  }
}

/** containerd's and runc's words for a program that is not in the image. */
export function programNotFound(execId: string, program: string): string {
  return `error executing command in container: failed to exec in container: failed to start exec "${execId}": OCI runtime exec failed: exec failed: unable to start container process: exec: ${JSON.stringify(program)}: executable file not found in $PATH: unknown`
}
