import { readFile } from 'node:fs/promises'
import ssh2, { type ParsedKey } from 'ssh2'

const magic = 'openssh-key-v1\0'

/**
 * Returns the public half of an encrypted private key. OpenSSH's format has it in the clear; an older key has a `.pub` file next to it.
 * https://github.com/openssh/openssh-portable/blob/master/PROTOCOL.key
 */
export async function publicKeyOfEncryptedFile(path: string, content: Buffer): Promise<ParsedKey | Error> {
  const blob = publicBlob(content)
  if (blob !== undefined) return ssh2.utils.parseKey(blob)
  const beside = await readFile(`${path}.pub`).catch((error: Error) => error)
  return beside instanceof Error ? new Error(`its public half is not in ${path}.pub`) : ssh2.utils.parseKey(beside)
}

/** Returns the public blob of a key in OpenSSH's own format; undefined for any other file. */
export function publicBlob(content: Buffer): Buffer | undefined {
  const armored = /-----BEGIN OPENSSH PRIVATE KEY-----([^-]+)-----END/.exec(content.toString('latin1'))?.[1]
  const data = Buffer.from(armored ?? '', 'base64')
  if (data.toString('latin1', 0, magic.length) !== magic) return undefined
  let position = magic.length
  const readString = () => {
    const start = position + 4
    position = start + data.readUInt32BE(position)
    return data.subarray(start, position)
  }
  try {
    readString() // cipher
    readString() // key derivation
    readString() // its options
    position += 4 // number of keys: always 1
    return readString()
  } catch {
    return undefined
  }
}
