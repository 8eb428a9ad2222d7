/**
 * Returns the components of kcap in CycloneDX: https://cyclonedx.org/docs/1.6/json/. Omits the time and the random serial number, which are optional,
 * so that the same input gives the same file.
 * @param {{ name: string, version: string, license: string, description: string }} product
 * @param {readonly { name: string, version: string, license: string, integrity: string }[]} packages
 */
export function makeSbom(product, packages) {
  const { name, version, license, description } = product
  return {
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    version: 1,
    metadata: {
      component: {
        'bom-ref': purlOf(product),
        type: 'application',
        name,
        version,
        description,
        licenses: [{ license: { id: license } }],
        purl: purlOf(product),
      },
    },
    components: packages.map(toComponent),
  }
}

/** @param {{ name: string, version: string, license: string, integrity: string }} item */
export function toComponent({ name, version, license, integrity }) {
  const [, scope, bare] = /^(?:(@.+)\/)?(.+)$/.exec(name) ?? []
  const purl = purlOf({ name, version })
  return {
    'bom-ref': purl,
    type: 'library',
    ...(scope === undefined ? {} : { group: scope }),
    name: bare,
    version,
    licenses: [{ license: { id: license } }],
    hashes: [{ alg: 'SHA-512', content: Buffer.from(integrity.replace('sha512-', ''), 'base64').toString('hex') }],
    purl,
  }
}

/**
 * Returns the component of a Debian package, whose terms are in its file `/usr/share/doc/NAME/copyright`.
 * @param {import('./debian-packages.js').DebianPackage} item
 * @param {import('./debian-packages.js').Architecture} architecture
 * @param {string} distribution
 */
export function toDebianComponent(item, architecture, distribution) {
  const { name, version } = item
  const of = `arch=${architecture}&distro=${distribution}`
  const purl = `pkg:deb/debian/${encodeURIComponent(name)}@${encodeURIComponent(version)}?${of}`
  return {
    'bom-ref': purl,
    type: 'library',
    name,
    version,
    hashes: [{ alg: 'SHA-256', content: item[architecture].sha256 }],
    purl,
  }
}

/** https://github.com/package-url/purl-spec @param {{ name: string, version: string }} item */
function purlOf({ name, version }) {
  return `pkg:npm/${name.replace('@', '%40')}@${version}`
}
