import { expect, test } from 'vitest'
import { formatFormula } from '../../packaging/homebrew.js'
import { formatKrewManifest } from '../../packaging/krew.js'
import { platforms, product } from '../../packaging/release.js'
import { makeSbom } from '../../packaging/sbom.js'

const find = (platform: string) => ({
  folder: `kcap-${platform}`,
  url: `u:/${platform}.tar.gz`,
  sha256: `sum-${platform}`,
})
const unixPlatforms = platforms.map(({ name }) => name).filter((name) => !name.startsWith('win-'))

test("Homebrew's formula names the archive and checksum for each processor", () => {
  const text = formatFormula(find)
  for (const name of unixPlatforms) expect(text).toContain(`url "u:/${name}.tar.gz"\n      sha256 "sum-${name}"`)
  expect(text).toMatch(/on_macos do\s+on_arm do\s+url "u:\/darwin-arm64\./)
  expect(text).toMatch(/on_linux do[\s\S]*on_intel do\s+url "u:\/linux-x64\./)
  const words = text.match(/\b(class|do|def|end)\b/g) ?? []
  expect(words.filter((word) => word === 'end').length).toBe(words.length / 2)
})

test("krew's manifest finds kcap in each archive", () => {
  const { metadata, spec } = JSON.parse(formatKrewManifest(find)) as {
    metadata: { name: string }
    spec: { version: string; shortDescription: string; platforms: readonly Record<string, unknown>[] }
  }
  expect([metadata.name, spec.version]).toEqual(['kcap', `v${product.version}`])
  // As the reviewers of its index want it: https://krew.sigs.k8s.io/docs/developer-guide/develop/best-practices/
  expect(spec.shortDescription.length).toBeLessThanOrEqual(50)
  expect(spec.platforms.map(({ uri }) => uri).toSorted()).toEqual(
    unixPlatforms.map((name) => find(name).url).toSorted(),
  )
  expect(spec.platforms[0]).toMatchObject({
    selector: { matchLabels: { os: 'linux', arch: 'amd64' } },
    sha256: 'sum-linux-x64',
    files: [{ from: 'kcap-linux-x64/*', to: '.' }],
    bin: 'kcap',
  })
})

test('the SBOM names a package by its purl and by the checksum that npm has verified', () => {
  const integrity = `sha512-${Buffer.from('ab').toString('base64')}`
  const sbom = makeSbom(product, [{ name: '@scope/part', version: '1.2.3', license: 'MIT', integrity }])
  expect(sbom.metadata.component.purl).toBe(`pkg:npm/kcap@${product.version}`)
  expect(sbom.components[0]).toMatchObject({
    group: '@scope',
    name: 'part',
    purl: 'pkg:npm/%40scope/part@1.2.3',
    hashes: [{ alg: 'SHA-512', content: '6162' }],
  })
})
