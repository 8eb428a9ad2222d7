import { blockTypes, formatBlock } from './pcapng-block.ts'

/** `TLSK`: lines of an NSS key log. https://www.ietf.org/archive/id/draft-ietf-opsawg-pcapng-03.html#section-4.7 */
export const tlsKeyLog = 0x544c534b

/** Formats a decryption secrets block with key log lines, newlines included. Readers apply it to the packets after it. */
export function formatTlsSecrets(lines: string): Buffer {
  const secrets = Buffer.from(lines, 'latin1')
  const head = Buffer.alloc(8)
  head.writeUInt32LE(tlsKeyLog, 0)
  head.writeUInt32LE(secrets.length, 4)
  return formatBlock(blockTypes.decryptionSecrets, Buffer.concat([head, secrets]), [])
}
