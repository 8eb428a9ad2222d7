import { KcapError } from '../base/kcap-error.ts'
import { runProgram } from '../host/run-program.ts'
import type { ClusterEntry, CredentialPluginEntry } from './kubeconfig-entries.ts'

/** What a credential plugin hands over. https://kubernetes.io/docs/reference/config-api/client-authentication.v1/ */
export interface PluginCredential {
  readonly token?: string
  readonly clientCertificateData?: string
  readonly clientKeyData?: string
  readonly expirationTimestamp?: string
}

export interface PluginRun {
  readonly signal: AbortSignal
  /** A login may take a person some time; a listing may not. */
  readonly timeoutMs: number
  /** Whether the plugin may talk to the user on the terminal. */
  readonly interactive: boolean
  /** How long a plugin that is asked to end may take to; default half a second. */
  readonly killDelayMs?: number
}

/**
 * Runs the credential plugin of a kubeconfig user.
 * Throws `credential-plugin-missing`, `-failed`, `-slow`, `-login`.
 */
export async function runCredentialPlugin(
  plugin: CredentialPluginEntry,
  cluster: ClusterEntry,
  run: PluginRun,
): Promise<PluginCredential> {
  const command = plugin.command ?? ''
  if (plugin.interactiveMode === 'Always' && !run.interactive) {
    throw new KcapError(
      'credential-plugin-login',
      `cannot log in with "${command}": it wants to ask something on a terminal`,
      {
        hints: ['log in once in a terminal: kubectl get pods', 'then try again'],
      },
    )
  }
  const result = await runProgram([command, ...(plugin.args ?? [])], {
    environment: pluginEnvironment(plugin, cluster, run.interactive),
    timeoutMs: run.timeoutMs,
    signal: run.signal,
    interactive: run.interactive,
    ...(run.killDelayMs !== undefined && { killDelayMs: run.killDelayMs }),
  })
  if (result.isMissing) {
    throw new KcapError(
      'credential-plugin-missing',
      `cannot log in with "${command}": there is no such program on PATH`,
      {
        hints: [
          ...(plugin.installHint ? plugin.installHint.trim().split('\n') : []),
          `PATH is ${process.env.PATH ?? ''}`,
        ],
      },
    )
  }
  if (run.signal.aborted) throw run.signal.reason
  if (result.isTimedOut) {
    throw new KcapError(
      'credential-plugin-slow',
      `cannot log in with "${command}": no answer within ${run.timeoutMs / 1000} s`,
      {
        hints: ['log in once in a terminal: kubectl get pods', 'then try again'],
      },
    )
  }
  if (result.exitCode !== 0) {
    const said = result.stderr.trim().split('\n').slice(-3).join('; ').slice(0, 300)
    const state = result.exitCode === undefined ? 'it was killed' : `it ended with exit code ${result.exitCode}`
    throw new KcapError(
      'credential-plugin-failed',
      `cannot log in with "${command}": ${state}${said === '' ? '' : `: ${said}`}`,
      {
        hints: ['see whether kubectl can log in: kubectl get pods'],
      },
    )
  }
  return readCredential(command, result.stdout)
}

function pluginEnvironment(
  plugin: CredentialPluginEntry,
  cluster: ClusterEntry,
  interactive: boolean,
): Record<string, string> {
  const { server, 'certificate-authority-data': authority, 'tls-server-name': serverName, 'proxy-url': proxy } = cluster
  const info = {
    kind: 'ExecCredential',
    apiVersion: plugin.apiVersion ?? 'client.authentication.k8s.io/v1',
    spec: {
      interactive,
      ...(plugin.provideClusterInfo && {
        cluster: { server, 'certificate-authority-data': authority, 'tls-server-name': serverName, 'proxy-url': proxy },
      }),
    },
  }
  return {
    KUBERNETES_EXEC_INFO: JSON.stringify(info),
    ...Object.fromEntries((plugin.env ?? []).map(({ name, value }) => [name, value])),
  }
}

function readCredential(command: string, text: string): PluginCredential {
  try {
    const { status } = JSON.parse(text) as { status?: PluginCredential }
    if (status?.token || (status?.clientCertificateData && status.clientKeyData)) return status
  } catch {
    // Said below.
  }
  throw new KcapError('credential-plugin-failed', `cannot log in with "${command}": its answer holds no credential`, {
    hints: ['see whether kubectl can log in: kubectl get pods'],
  })
}
