import { readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import path from 'node:path'
import yaml from 'js-yaml'
import { findProgram } from '../host/find-program.ts'

/** The kubectl preferences that decide which credential plugins may run. */
interface PluginPolicy {
  readonly file: string
  readonly kind: unknown
  readonly commands: readonly string[] | undefined
}

/**
 * Returns why kubectl's own policy does not allow a credential plugin; undefined when it does. The policy is in the user's kuberc, which kubectl 1.36
 * reads unless KUBERC or KUBECTL_KUBERC says otherwise. https://kubernetes.io/docs/reference/kubectl/kuberc/
 */
export async function findPluginRefusal(
  command: string,
  file: string,
  environment: NodeJS.ProcessEnv = process.env,
): Promise<string | undefined> {
  const kuberc = findKuberc(environment)
  if (kuberc === undefined) return undefined
  const policy = readPolicy(kuberc, Boolean(environment.KUBERC))
  if (typeof policy === 'string') return policy
  if (policy === undefined) return undefined
  const refuse = (state: string) => `kubectl's preferences "${policy.file}" ${state}`
  const { kind = '', commands } = policy
  if (kind === '' || kind === 'AllowAll' || kind === 'DenyAll') {
    if (commands !== undefined) return refuse('have an allowlist of credential plugins without the policy Allowlist')
    return kind === 'DenyAll' ? refuse('allow no credential plugin') : undefined
  }
  if (kind !== 'Allowlist') return refuse('have an unknown policy for credential plugins')
  if (commands === undefined || commands.length === 0) return refuse('have an empty allowlist of credential plugins')
  if (commands.some((entry) => entry === '' || path.normalize(entry) !== entry || /.[\\/]$/.test(entry)))
    return refuse('have an allowlist with a path that is not normalized')
  return (await isListed(path.normalize(command), file, commands)) ? undefined : refuse('do not allow it')
}

/** Reports whether a command is in the list: as it is written, or as what it leads to. */
async function isListed(command: string, file: string, commands: readonly string[]): Promise<boolean> {
  if (commands.includes(command) || commands.includes(file)) return true
  for (const entry of commands)
    if (path.basename(entry) === path.basename(file) && (await findProgram(entry)) === file) return true
  return false
}

function findKuberc(environment: NodeJS.ProcessEnv): string | undefined {
  const { KUBERC, KUBECTL_KUBERC = '', HOME } = environment
  if (KUBERC === 'off' || /^(0|f|false)$/i.test(KUBECTL_KUBERC)) return undefined
  return KUBERC || path.join(HOME || homedir(), '.kube', 'kuberc')
}

/** Reads the first preferences of the file. Returns a sentence when the file can't be read, unless it was not named and does not exist. */
function readPolicy(file: string, isNamed: boolean): PluginPolicy | string | undefined {
  let content: string
  try {
    content = readFileSync(file, 'utf8')
  } catch (error) {
    const isAbsent = (error as NodeJS.ErrnoException).code === 'ENOENT'
    return isAbsent && !isNamed
      ? undefined
      : `kubectl's preferences "${file}" can't be read: ${(error as Error).message}`
  }
  for (const document of content.split(/^---.*$/m)) {
    const preference = parseDocument(document)
    const version = /^kubectl\.config\.k8s\.io\/(\w+)$/.exec(String(preference?.apiVersion))?.[1]
    if (preference?.kind !== 'Preference' || version === undefined) continue
    // Before v1beta1 there was no policy.
    if (version === 'v1alpha1') return undefined
    const { credentialPluginPolicy: kind, credentialPluginAllowlist: list } = preference
    return { file, kind: kind ?? '', commands: Array.isArray(list) ? list.map(readCommand) : undefined }
  }
  return undefined
}

function readCommand(entry: unknown): string {
  const command = (entry as { command?: unknown } | null)?.command
  return typeof command === 'string' ? command : ''
}

function parseDocument(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value = yaml.load(text)
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined
  } catch {
    return undefined
  }
}
