/**
 * A file of an archive. Owners and times are the same in all archives, so that the same input gives the same bytes.
 * @typedef {object} Entry
 * @property {string} name with `/`
 * @property {Buffer} content
 * @property {boolean} isProgram
 * @property {string} [linkTo] target of a symbolic link, which has no content
 */

/** 2020-01-01, in seconds: ZIP has no time before 1980, and some tools reject 1970. */
export const fixedTime = 1_577_836_800

/** @param {readonly Entry[]} entries */
export function sortEntries(entries) {
  return entries.toSorted((a, b) => Buffer.compare(Buffer.from(a.name), Buffer.from(b.name)))
}

/**
 * Returns the folders of these files, each before its contents.
 * @param {readonly Entry[]} entries
 */
export function listFolders(entries) {
  const folders = entries.flatMap(({ name }) => {
    const parts = name.split('/').slice(0, -1)
    return parts.map((_part, index) => parts.slice(0, index + 1).join('/'))
  })
  return [...new Set(folders)].filter((folder) => folder !== '' && folder !== '.').toSorted()
}
