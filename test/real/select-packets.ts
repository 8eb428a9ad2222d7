import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import path from 'node:path'
import { packetRow } from '../../src/base/packet.ts'
import { makePcapReader } from '../../src/packets/pcap-reader.ts'
import type { PreparedFile } from './prepared-files.ts'

/** The packets that a filter selects, by their index from 1 on; undefined where tcpdump does not compile it. */
export type Selection = ReadonlySet<number> | undefined

/** Selects in one shell for many filters, because starting a shell takes most of the time. */
const selectAll =
  'pcap=$1 out=$2 i=0; shift 2; for filter; do tcpdump -r - -w - -- "$filter" <"$pcap" >"$out/$i" 2>"$out/$i.said"; i=$((i+1)); done'

let runs = 0

/** Returns what tcpdump selects from a file by each filter. */
export async function selectPackets(
  folder: string,
  { linkType, pcap }: PreparedFile,
  filters: readonly string[],
): Promise<Map<string, Selection>> {
  const file = path.join(folder, `${linkType}.pcap`)
  await writeFile(file, pcap)
  const distinct = [...new Set(filters)]
  const size = Math.ceil(distinct.length / availableParallelism())
  const parts = Array.from({ length: availableParallelism() }, (_, i) => distinct.slice(i * size, (i + 1) * size))
  const found = await Promise.all(
    parts.map(async (part) => {
      const out = path.join(folder, `out-${runs++}`)
      await mkdir(out)
      const argv = ['-c', selectAll, 'sh', file, out, ...part]
      await once(spawn('sh', argv, { stdio: 'ignore' }), 'exit')
      return await Promise.all(
        part.map(async (filter, i) => {
          const said = await readFile(path.join(out, `${i}.said`), 'utf8')
          return [filter, readSelection(await readFile(path.join(out, `${i}`)), said)] as const
        }),
      )
    }),
  )
  return new Map(found.flat())
}

/** A filter that rejects all packets selects none; whether libpcap's optimizer sees it does not matter here. */
function readSelection(pcap: Buffer, said: string): Selection {
  if (pcap.length === 0) return said.includes('expression rejects all packets') ? new Set() : undefined
  const batches = makePcapReader('tcpdump').push(pcap)
  return new Set(
    batches.flatMap(({ count, rows }) =>
      Array.from({ length: count }, (_, i) => rows[i * packetRow.length + packetRow.seconds] as number),
    ),
  )
}
