import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { build } from 'esbuild'
import { expect, test } from 'vitest'
import { mapStack } from '../../src/host/map-stack.ts'
import { makeTempFolder } from '../support/temp-folder.ts'

test.each(['cjs', 'esm'] as const)(
  'mapStack names the source files and lines in a trace of a minified %s file',
  async (format) => {
    const folder = await makeTempFolder()
    writeFileSync(
      path.join(folder, 'fail.ts'),
      `\n\nexport const fail = (): never => {\n  throw new Error('torn')\n}\n`,
    )
    writeFileSync(path.join(folder, 'start.ts'), `import { fail } from './fail.ts'\nfail()\n`)
    const outfile = path.join(folder, 'dist', format === 'cjs' ? 'start.cjs' : 'start.js')
    const entryPoints = [path.join(folder, 'start.ts')]
    await build({
      entryPoints,
      outfile,
      format,
      bundle: true,
      minify: true,
      sourcemap: 'external',
      sourcesContent: false,
    })
    writeFileSync(path.join(folder, 'package.json'), '{"type":"module"}')
    const { stderr } = spawnSync(process.execPath, [outfile], { encoding: 'utf8' })
    expect(stderr).not.toContain('fail.ts')
    expect(mapStack(stderr)).toContain('fail.ts:4:9')
    expect(mapStack(stderr)).toContain('start.ts:2:1')
  },
)

test('mapStack keeps a place without a map, or with a torn one', async () => {
  const file = path.join(await makeTempFolder(), 'a.js')
  const trace = `Error: torn\n    at f (${file}:1:2)\n    at ${pathToFileURL(file)}:3:4\n    at node:internal/main:5:6`
  expect(mapStack(trace)).toBe(trace)
  writeFileSync(`${file}.map`, '{"version":3,')
  expect(mapStack(trace)).toBe(trace)
})
