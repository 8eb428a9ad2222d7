import { createHash } from 'node:crypto'
import { fixedTime } from './entry.js'
import { formatTar, gzip } from './tar.js'

const types = {
  index: 'application/vnd.oci.image.index.v1+json',
  manifest: 'application/vnd.oci.image.manifest.v1+json',
  config: 'application/vnd.oci.image.config.v1+json',
  layer: 'application/vnd.oci.image.layer.v1.tar+gzip',
}

/** @typedef {{ mediaType: string, digest: string, size: number, platform?: { architecture: string, os: string } }} Descriptor */

/**
 * An image for one architecture.
 * @typedef {object} Image
 * @property {Descriptor} manifest
 * @property {Descriptor} config
 * @property {readonly Descriptor[]} layers
 * @property {ReadonlyMap<string, Buffer>} blobs contents by digest
 */

/**
 * Makes an image for Linux: https://github.com/opencontainers/image-spec/blob/v1.1.0/config.md
 * @param {{
 *   architecture: string,
 *   layers: readonly { name: string, tar: Buffer }[],
 *   settings: object,
 *   annotations: Readonly<Record<string, string>>,
 * }} options
 * @returns {Image}
 */
export function makeImage({ architecture, layers, settings, annotations }) {
  /** @type {Map<string, Buffer>} */
  const blobs = new Map()
  const created = new Date(fixedTime * 1000).toISOString()
  const layerDescriptors = layers.map(({ tar }) => addBlob(blobs, types.layer, gzip(tar)))
  const config = addJson(blobs, types.config, {
    created,
    architecture,
    os: 'linux',
    config: settings,
    rootfs: { type: 'layers', diff_ids: layers.map(({ tar }) => digestOf(tar)) },
    history: layers.map(({ name }) => ({ created, created_by: name })),
  })
  const manifest = addJson(blobs, types.manifest, {
    schemaVersion: 2,
    mediaType: types.manifest,
    config,
    layers: layerDescriptors,
    annotations,
  })
  return { manifest: { ...manifest, platform: { architecture, os: 'linux' } }, config, layers: layerDescriptors, blobs }
}

/**
 * Makes an archive with an image: an OCI layout with the manifest that older versions of `docker load` read.
 * @param {Image} image
 * @param {string} reference name and tag
 */
export function formatImageArchive({ manifest, config, layers, blobs }, reference) {
  const docker = [
    { Config: pathOf(config), RepoTags: [reference], Layers: layers.map((descriptor) => pathOf(descriptor)) },
  ]
  return formatLayout(manifest, blobs, reference, [{ name: 'manifest.json', value: docker }])
}

/**
 * Makes an archive with an index of images for several architectures: https://github.com/opencontainers/image-spec/blob/v1.1.0/image-index.md
 * @param {readonly Image[]} images
 * @param {string} reference
 * @param {Readonly<Record<string, string>>} annotations
 */
export function formatIndexArchive(images, reference, annotations) {
  const blobs = new Map(images.flatMap((image) => [...image.blobs]))
  const manifests = images.map(({ manifest }) => manifest)
  const index = addJson(blobs, types.index, { schemaVersion: 2, mediaType: types.index, manifests, annotations })
  return formatLayout(index, blobs, reference)
}

/**
 * https://github.com/opencontainers/image-spec/blob/v1.1.0/image-layout.md
 * @param {Descriptor} top
 * @param {ReadonlyMap<string, Buffer>} blobs
 * @param {string} reference
 * @param {readonly { name: string, value: unknown }[]} others
 */
function formatLayout(top, blobs, reference, others = []) {
  const annotations = {
    // containerd reads the first one, and others the second one.
    'io.containerd.image.name': reference,
    'org.opencontainers.image.ref.name': reference.slice(reference.lastIndexOf(':') + 1),
  }
  const index = { schemaVersion: 2, mediaType: types.index, manifests: [{ ...top, annotations }] }
  const files = [
    { name: 'oci-layout', value: { imageLayoutVersion: '1.0.0' } },
    { name: 'index.json', value: index },
    ...others,
  ]
  return formatTar([
    ...files.map(({ name, value }) => ({ name, content: toJson(value), isProgram: false })),
    ...[...blobs].map(([digest, content]) => ({ name: pathOf({ digest }), content, isProgram: false })),
  ])
}

/**
 * @param {Map<string, Buffer>} blobs
 * @param {string} mediaType
 * @param {unknown} value
 */
function addJson(blobs, mediaType, value) {
  return addBlob(blobs, mediaType, toJson(value))
}

/**
 * @param {Map<string, Buffer>} blobs
 * @param {string} mediaType
 * @param {Buffer} content
 * @returns {Descriptor}
 */
function addBlob(blobs, mediaType, content) {
  const digest = digestOf(content)
  blobs.set(digest, content)
  return { mediaType, digest, size: content.length }
}

/** @param {Buffer} content */
function digestOf(content) {
  return `sha256:${createHash('sha256').update(content).digest('hex')}`
}

/** @param {{ digest: string }} descriptor */
function pathOf({ digest }) {
  return `blobs/${digest.replace(':', '/')}`
}

/** @param {unknown} value */
function toJson(value) {
  return Buffer.from(JSON.stringify(value))
}
