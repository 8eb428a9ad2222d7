import { createHash } from 'node:crypto'
import { formatAr } from './formats/ar.js'
import { formatTarGz } from './formats/tar.js'
import { product } from './release.js'
import { placeInSystem } from './system-files.js'

/**
 * Makes a package for Ubuntu and for Debian 12 and later, whose Wireshark moved its extcaps with 4.6: https://www.debian.org/doc/debian-policy/ch-controlfields.html.
 * It has no scripts: dpkg removes what it has unpacked, and a package must not touch homes.
 * @param {readonly import('./formats/entry.js').Entry[]} files as of `listFiles`
 * @param {{ architecture: string, multiarch: string }} debian
 */
export async function makeDebianPackage(files, { architecture, multiarch }) {
  const placed = await placeInSystem(files, [`/usr/lib/${multiarch}/wireshark/extcap`, '/usr/libexec/wireshark/extcap'])
  const size = placed.reduce((total, { content }) => total + content.length, 0)
  const control = [
    `Package: ${product.name}`,
    `Version: ${product.version}`,
    `Architecture: ${architecture}`,
    'Maintainer: the kcap authors',
    `Installed-Size: ${Math.ceil(size / 1024)}`,
    // Libraries that Node links with.
    'Depends: libc6 (>= 2.28), libgcc-s1, libstdc++6',
    'Recommends: wireshark | tshark',
    'Section: net',
    'Priority: optional',
    `Description: ${product.description}`,
  ]
  const sums = placed.map(({ name, content }) => {
    return `${createHash('md5').update(content).digest('hex')}  ${name.replace('./', '')}`
  })
  const describe = (/** @type {string} */ name, /** @type {readonly string[]} */ lines) => ({
    name: `./${name}`,
    content: Buffer.from(`${lines.join('\n')}\n`),
    isProgram: false,
  })
  return formatAr([
    ['debian-binary', Buffer.from('2.0\n')],
    ['control.tar.gz', formatTarGz([describe('control', control), describe('md5sums', sums)])],
    ['data.tar.gz', formatTarGz(placed)],
  ])
}
