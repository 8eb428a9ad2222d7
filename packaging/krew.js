import { product } from './release.js'

/** Platforms under Go's names. krew links only to programs, so Windows, where kcap is a command file, is absent. */
const selectors = {
  'linux-x64': { os: 'linux', arch: 'amd64' },
  'linux-arm64': { os: 'linux', arch: 'arm64' },
  'darwin-x64': { os: 'darwin', arch: 'amd64' },
  'darwin-arm64': { os: 'darwin', arch: 'arm64' },
}

/**
 * Formats the krew manifest of `kubectl kcap` as JSON, which is valid YAML: https://krew.sigs.k8s.io/docs/developer-guide/plugin-manifest/.
 * @param {(platform: string) => { url: string, sha256: string, folder: string }} find the archive for a platform
 */
export function formatKrewManifest(find) {
  const platforms = Object.entries(selectors).map(([platform, matchLabels]) => {
    const { url, sha256, folder } = find(platform)
    return { selector: { matchLabels }, uri: url, sha256, files: [{ from: `${folder}/*`, to: '.' }], bin: 'kcap' }
  })
  const manifest = {
    apiVersion: 'krew.googlecontainertools.github.com/v1alpha2',
    kind: 'Plugin',
    metadata: { name: product.name },
    spec: {
      version: `v${product.version}`,
      shortDescription: 'Capture packets of pods, live in Wireshark',
      description: `${product.description}.\n`,
      caveats: "To put kcap into Wireshark's list of interfaces: kubectl kcap install\n",
      platforms,
    },
  }
  return `${JSON.stringify(manifest, undefined, 2)}\n`
}
