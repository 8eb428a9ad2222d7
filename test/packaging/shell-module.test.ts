import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { build } from 'esbuild'
import { expect, test } from 'vitest'
import { shellScripts, toShellModule } from '../../packaging/shell-module.js'
import { script as supervisor } from '../../src/remote/supervisor.sh'
import { makeTempFolder } from '../support/temp-folder.ts'

const evaluate = async (code: string) =>
  ((await import(`data:text/javascript,${encodeURIComponent(code)}`)) as { script: string }).script

test('the shell module sends a script without comments, indentation and empty lines', async () => {
  const text = "# Says hello.\nhello() {\n  # Loudly.\n\n  echo 'hello # there' # twice\n}\n"
  expect(await evaluate(toShellModule(text))).toBe("hello() {\necho 'hello # there' # twice\n}\n")
})

test('the shell module keeps quotes, backslashes and line ends within quotes', async () => {
  const text = `IFS='\n'\nprintf '%s\\n' "\${a#*:}" \`b\`\n`
  expect(await evaluate(toShellModule(text))).toBe(text)
})

test('the build replaces a source line by the sourced file', async () => {
  const folder = await makeTempFolder()
  mkdirSync(folder, { recursive: true })
  writeFileSync(path.join(folder, 'has.sh'), '# Defines has.\nhas() { command -v "$1"; }\n')
  writeFileSync(path.join(folder, 'run.sh'), 'set -u\n  . ./has.sh\nhas tcpdump\n')
  const { outputFiles } = await build({
    entryPoints: [path.join(folder, 'run.sh')],
    bundle: true,
    format: 'esm',
    write: false,
    plugins: [shellScripts],
  })
  expect(await evaluate(outputFiles[0]?.text ?? '')).toBe('set -u\nhas() { command -v "$1"; }\nhas tcpdump\n')
})

test('tests load shell scripts as the build does', () => {
  expect(supervisor).toContain('read_line() {')
  expect(supervisor).not.toMatch(/^\s|^#|^\. /m)
})
