import { chmodSync, readdirSync, rmSync } from 'node:fs'
import path from 'node:path'
import { build } from 'esbuild'

/** @type {import('esbuild').BuildOptions} */
const common = {
  bundle: true,
  minify: true,
  format: 'esm',
  platform: 'node',
  target: 'node20.19',
  external: ['cpu-features'],
  logLevel: 'warning',
  metafile: true,
}

/** CommonJS dependencies expect these; the first file that runs defines them for all. */
const commonJs = [
  "import { createRequire as __createRequire } from 'node:module'",
  'globalThis.require ??= __createRequire(import.meta.url)',
  'globalThis.__dirname ??= import.meta.dirname',
].join('\n')

/** Leaves imports of these modules to Node, as files beside the program. */
function keepApart(...names) {
  return {
    name: 'keep-apart',
    setup({ onResolve }) {
      const filter = new RegExp(`/(${names.join('|')})\\.ts$`)
      onResolve({ filter }, ({ path, kind }) =>
        kind === 'dynamic-import' ? { path: path.replace(/^.*\/(.*)\.ts$/, './$1.js'), external: true } : undefined,
      )
    },
  }
}

/** ssh2's own cipher code is used where npm has compiled it: it halves the cost of a packet. Without it ssh2 takes Node's. */
const nativeCiphers = {
  name: 'native-ciphers',
  setup({ onResolve }) {
    const path = 'ssh2/lib/protocol/crypto/build/Release/sshcrypto.node'
    onResolve({ filter: /\/sshcrypto\.node$/ }, () => ({ path, external: true }))
  },
}

// Wireshark waits for the list at its start, and Node takes 1 to 2 ms for each file it loads: the list is one file.
const list = await build({
  ...common,
  entryPoints: { 'list-interfaces': 'src/extcap/list-interfaces.ts' },
  outdir: 'dist',
  plugins: [keepApart('client-node-login')],
})
const program = await build({
  ...common,
  entryPoints: { kcap: 'src/main.ts', 'client-node-login': 'src/kube/client-node-login.ts' },
  outdir: 'dist',
  splitting: true,
  chunkNames: 'chunks/[name]-[hash]',
  banner: { js: `#!/usr/bin/env node\n${commonJs}` },
  plugins: [keepApart('list-interfaces'), nativeCiphers],
})
chmodSync('dist/kcap.js', 0o755)

// Only now, and only what is stale: a program that runs from here goes on.
const written = new Set(
  Object.keys({ ...list.metafile.outputs, ...program.metafile.outputs }).map((file) => path.resolve(file)),
)
for (const entry of readdirSync('dist', { recursive: true, withFileTypes: true })) {
  const file = path.resolve(entry.parentPath, entry.name)
  if (entry.isFile() && !written.has(file)) rmSync(file)
}
