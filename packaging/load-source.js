import { build } from 'esbuild'

/**
 * Loads modules of kcap's source, which a Node before 22.18 cannot import.
 * @param {string} contents the exports, with paths relative to the folder
 * @param {string} folder
 * @returns {Promise<unknown>} the module
 */
export async function loadSource(contents, folder) {
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: folder },
    bundle: true,
    format: 'esm',
    platform: 'node',
    write: false,
  })
  const code = Buffer.from(outputFiles[0]?.contents ?? []).toString('base64')
  return await import(`data:text/javascript;base64,${code}`)
}
