import { formatImageArchive, formatIndexArchive, makeImage } from './formats/oci.js'
import { makeImageLayers } from './image-layers.js'
import { loadSource } from './load-source.js'
import { product } from './release.js'

/** @typedef {import('./debian-packages.js').Architecture} Architecture */

const annotations = {
  'org.opencontainers.image.title': product.name,
  'org.opencontainers.image.description': product.description,
  'org.opencontainers.image.version': product.version,
  'org.opencontainers.image.licenses': product.license,
}

/** Settings of containers; without an entry point, so that kcap's objects and `docker run IMAGE tcpdump …` name any program. */
const settings = {
  Env: ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'],
  Cmd: ['kcap'],
  WorkingDir: '/',
  Labels: annotations,
}

/**
 * Makes the container image for an architecture, without a container engine.
 * @param {readonly import('./formats/entry.js').Entry[]} files as of `listFiles`
 * @param {Architecture} architecture
 * @param {{ folder: string, mirror: string | undefined }} source of Debian's packages
 * @throws {import('./debian-packages.js').MissingDebianPackage} when a package is missing
 */
export async function makeContainerImage(files, architecture, source) {
  const { layers, sbom } = await makeImageLayers(files, architecture, source)
  const image = makeImage({ architecture, layers, settings, annotations })
  return { image, sbom, archive: formatImageArchive(image, await readReference()) }
}

/**
 * Makes one archive of the images for several architectures, which a registry serves under one name.
 * @param {readonly import('./formats/oci.js').Image[]} images
 */
export async function makeImageIndex(images) {
  return formatIndexArchive(images, await readReference(), annotations)
}

/** Returns the name that kcap gives to its image by default. */
async function readReference() {
  const module = await loadSource("export { releaseImage } from './release-image.ts'", 'src/settings')
  return /** @type {typeof import('../src/settings/release-image.ts')} */ (module).releaseImage
}
