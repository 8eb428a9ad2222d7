import { execFile } from 'node:child_process'
import { readdir, stat } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { adoptFiles } from '../../src/session/adopt-files.ts'
import { hasPrograms } from '../support/has-program.ts'
import { startKcap } from '../support/run-kcap.ts'
import { makeTempFolder } from '../support/temp-folder.ts'

const run = promisify(execFile)
const ringTest = hasPrograms('capinfos') || process.env.KCAP_REQUIRE_REAL === '1' ? test : test.skip

ringTest.each(['pcapng', 'pcap'])(
  'capinfos reads every %s file of a ring after a kill, once it is adopted',
  async (format) => {
    for (let round = 0; round < 3; round++) {
      const folder = await makeTempFolder()
      const base = path.join(folder, `orders.${format}`)
      const kcap = startKcap(['demo', '--rate', '40000', '--keep', '8MB', '-o', base, '--duration', '60'])
      for (let i = 0; i < 200 && (await readdir(folder)).length < 4; i++) await sleep(25)
      await sleep(round * 37)
      kcap.child.kill('SIGKILL')
      await kcap.ended
      const adopted = await adoptFiles(base)
      expect(adopted.length).toBeGreaterThan(2)
      expect(adopted.map(({ path: file }) => path.basename(file))).toEqual((await readdir(folder)).sort())
      for (const { path: file, bytes } of adopted) {
        expect((await stat(file)).size).toBe(bytes)
        // capinfos exits with 1 when the end of a file is cut.
        const { stdout } = await run('capinfos', ['-Mc', file])
        expect(Number(/Number of packets:\s+(\d+)/.exec(stdout)?.[1])).toBeGreaterThan(0)
      }
    }
  },
)
