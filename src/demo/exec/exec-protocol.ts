import type { Refusal } from './refuse-upgrade.ts'

/** How an exec ended. */
export type ExecEnd =
  | { readonly kind: 'exited'; readonly code: number; readonly argv: readonly string[] }
  | { readonly kind: 'refused'; readonly text: string }

/** WebSocket subprotocol, with its reports of ends and refusals. */
export interface ExecProtocol {
  readonly name: string
  /** Returns the Status for the error channel. */
  formatStatus(end: ExecEnd): object
  /** Returns the answer to an upgrade that the kubelet refuses; undefined if the error channel carries the refusal. */
  refuseUpgrade(text: string): Refusal | undefined
}

/**
 * Protocol that ends in the API server, which reads the kubelet's Status over SPDY and writes its own:
 * k8s.io/apimachinery/pkg/util/proxy/streamtranslator.go.
 */
export const v5: ExecProtocol = {
  name: 'v5.channel.k8s.io',
  formatStatus: (end) =>
    end.kind === 'refused'
      ? formatRefusal(`Internal error occurred: ${end.text}`)
      : formatExit(end.code, `command terminated with exit code ${end.code}`),
  refuseUpgrade: () => undefined,
}

export function formatExit(code: number, exitError: string): object {
  if (code === 0) return { metadata: {}, status: 'Success' }
  return {
    metadata: {},
    status: 'Failure',
    message: `command terminated with non-zero exit code: ${exitError}`,
    reason: 'NonZeroExitCode',
    details: { causes: [{ reason: 'ExitCode', message: String(code) }] },
  }
}

export function formatRefusal(text: string): object {
  return {
    metadata: {},
    status: 'Failure',
    message: `Internal error occurred: ${text}`,
    reason: 'InternalError',
    details: { causes: [{ message: text }] },
    code: 500,
  }
}

/** Returns the message of containerd and runc for a program that is not in the image. */
export function programNotFound(execId: string, program: string): string {
  return `error executing command in container: failed to exec in container: failed to start exec "${execId}": OCI runtime exec failed: exec failed: unable to start container process: exec: ${JSON.stringify(program)}: executable file not found in $PATH: unknown`
}
