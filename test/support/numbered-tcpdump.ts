import { writeFileSync } from 'node:fs'
import path from 'node:path'

/**
 * Replaces tcpdump: sends a packet for each millisecond, with that millisecond as its number, so that a reader recognises lost
 * packets. What can't be written at once comes later and is not lost. Runs like tcpdump, as a child of the supervisor in a real shell.
 */
const source = `
const header = Buffer.alloc(24)
header.writeUInt32LE(0xa1b23c4d, 0); header.writeUInt16LE(2, 4); header.writeUInt16LE(4, 6)
header.writeUInt32LE(262144, 16); header.writeUInt32LE(1, 20)
process.stdout.write(header)
process.stderr.write('tcpdump: listening on any, link-type EN10MB (Ethernet), snapshot length 262144 bytes\\n')
let next = Date.now(), captured = 0
const packet = (ms) => {
  const record = Buffer.alloc(16 + 60)
  record.writeUInt32LE(Math.floor(ms / 1000), 0); record.writeUInt32LE((ms % 1000) * 1e6, 4)
  record.writeUInt32LE(60, 8); record.writeUInt32LE(60, 12); record.writeBigUInt64BE(BigInt(ms), 16 + 52)
  captured += 1
  return record
}
const write = () => {
  const records = []
  for (const now = Date.now(); next < now; next++) records.push(packet(next))
  if (records.length > 0) process.stdout.write(Buffer.concat(records))
}
setInterval(write, 10)
process.stdout.on('error', () => process.exit(1))
process.on('SIGTERM', () => {
  write()
  process.stderr.write(captured + ' packets captured\\n' + captured + ' packets received by filter\\n0 packets dropped by kernel\\n')
  process.exit(0)
})
`

/** Puts it as `tcpdump` into a folder, for PATH. */
export function writeNumberedTcpdump(folder: string): void {
  const script = path.join(folder, 'numbered-tcpdump.cjs')
  writeFileSync(script, source)
  writeFileSync(path.join(folder, 'tcpdump'), `#!/bin/sh\nexec '${process.execPath}' '${script}'\n`, { mode: 0o755 })
}

/** The number of a packet of its. */
export function readNumber(packet: Buffer): number {
  return Number(packet.readBigUInt64BE(52))
}
