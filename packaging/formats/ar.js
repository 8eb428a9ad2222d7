import { fixedTime } from './entry.js'

/**
 * Makes an ar archive as dpkg expects it: deb(5), ar(5). Keeps the order of the members.
 * @param {readonly (readonly [name: string, content: Buffer])[]} members
 */
export function formatAr(members) {
  const parts = members.flatMap(([name, content]) => {
    const fields = [name.padEnd(16), String(fixedTime).padEnd(12), '0'.padEnd(6), '0'.padEnd(6), '100644'.padEnd(8)]
    const header = `${fields.join('')}${String(content.length).padEnd(10)}\`\n`
    return [Buffer.from(header), content, Buffer.alloc(content.length % 2, '\n')]
  })
  return Buffer.concat([Buffer.from('!<arch>\n'), ...parts])
}
