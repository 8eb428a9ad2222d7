import { readFile } from 'node:fs/promises'
import type { ResolvedSshHost } from '../ssh-host.ts'
import { type KnownHost, knownHostName, parseKnownHosts } from './known-hosts.ts'

/** Reads all entries in a host's known_hosts files. A missing or unreadable file has none; ssh does not report it either. */
export async function readKnownHosts(
  host: Pick<ResolvedSshHost, 'userKnownHostsFiles' | 'globalKnownHostsFiles'>,
): Promise<KnownHost[]> {
  const files = [...host.userKnownHostsFiles, ...host.globalKnownHostsFiles]
  const read = async (file: string) => parseKnownHosts(await readFile(file, 'utf8').catch(() => ''), file)
  return (await Promise.all(files.map(read))).flat()
}

/** Returns a host's names in known_hosts: with its port, and without. */
export function namesInKnownHosts({ host, port, hostKeyAlias }: ResolvedSshHost): { name: string; plainName: string } {
  const plainName = knownHostName(hostKeyAlias ?? host, 22)
  return { name: hostKeyAlias === undefined ? knownHostName(host, port) : plainName, plainName }
}
