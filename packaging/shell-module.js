import { readFile } from 'node:fs/promises'

/**
 * Returns a module that exports a shell script as it is sent: without comments, indentation and empty lines. That file's text
 * replaces a line `. ./FILE.sh`. A line within quotes must not begin with a space or `#`.
 * @param {string} text
 */
export function toShellModule(text) {
  /** @type {string[]} */
  const imports = []
  const parts = text
    .split('\n')
    .map((line) => line.trimStart())
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => {
      const [, file] = /^\. (\.\/[\w-]+\.sh)$/.exec(line) ?? []
      if (file === undefined) return JSON.stringify(`${line}\n`)
      imports.push(`import { script as script${imports.length} } from ${JSON.stringify(file)}`)
      return `script${imports.length - 1}`
    })
  return `${imports.join('\n')}\nexport const script = [${parts.join(', ')}].join('')\n`
}

/**
 * Makes esbuild bundle shell scripts as text.
 * @type {import('esbuild').Plugin}
 */
export const shellScripts = {
  name: 'shell-scripts',
  setup({ onLoad }) {
    onLoad({ filter: /\.sh$/ }, async ({ path }) => ({
      contents: toShellModule(await readFile(path, 'utf8')),
      loader: 'js',
    }))
  },
}
