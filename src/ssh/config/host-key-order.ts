import { runProgram } from '../../host/run-program.ts'
import type { ResolvedSshHost } from '../ssh-host.ts'
import { parseSshAnswer } from './read-ssh-config.ts'
import type { ResolveSshHostOptions } from './resolve-ssh-host.ts'

const quickTimeoutMs = 3_000

/** Returns the key type that a host key algorithm signs with. For a certificate, that is the type of its key. */
export function toKeyType(algorithm: string): string {
  return algorithm.replace(/-cert-v01@openssh\.com$/, '').replace(/^rsa-sha2-.*/, 'ssh-rsa')
}

/**
 * Returns the host key types to request first (sshconnect2.c, order_hostkeyalgs): the known ones, so that a host known by its RSA key does not
 * present another. Returns none if the list's own first type is known. Returns none either if HostKeyAlgorithms is spelled out, because its order
 * counts then.
 */
export async function findPreferredTypes(
  host: ResolvedSshHost,
  knownTypes: readonly string[],
  context: Pick<ResolveSshHostOptions, 'environment' | 'signal'>,
): Promise<readonly string[]> {
  const [best = 'ssh-ed25519'] = host.algorithms.hostKeys ?? []
  if (knownTypes.length === 0 || knownTypes.includes(toKeyType(best))) return []
  return (await isWrittenOut(host.hostKeyAlgorithms, context)) ? [] : knownTypes
}

/** Returns whether HostKeyAlgorithms is spelled out. `ssh -G` prints the whole list even if the config only adds to ssh's own or removes from it. */
async function isWrittenOut(
  list: string | undefined,
  { environment, signal }: Pick<ResolveSshHostOptions, 'environment' | 'signal'>,
): Promise<boolean> {
  if (list === undefined || /^[+-]/.test(list)) return false
  // A hand-written list rarely has certificates and security keys, which ssh's own has.
  if (!/-cert-|\bsk-/.test(list)) return true
  const { stdout } = await runProgram(['ssh', '-G', '-F', 'none', '--', 'localhost'], {
    environment,
    timeoutMs: quickTimeoutMs,
    signal,
  })
  const own = parseSshAnswer(stdout).get('hostkeyalgorithms')?.[0]?.split(',') ?? []
  const places = list.split(',').map((name) => own.indexOf(name))
  const kept = places.filter((place) => place >= 0)
  const isInOrder = kept.every((place, index) => index === 0 || place > (kept[index - 1] ?? 0))
  const addsLast = places.slice(0, kept.length).every((place) => place >= 0)
  return !(isInOrder && addsLast)
}
