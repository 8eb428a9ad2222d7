import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const changelog = new URL('../CHANGELOG.md', import.meta.url)

/**
 * Returns what a changelog says of one version: the text under its heading, without the links at the end. https://keepachangelog.com
 * @param {string} text
 * @param {string} version
 * @throws {Error} if the version has no heading, or nothing under it
 */
export function findReleaseNotes(text, version) {
  const sections = text.split(/^## /m).slice(1)
  const section = sections.find((candidate) => /^\[?([^\]\s]+)/.exec(candidate)?.[1] === version)
  if (section === undefined) throw new Error(`cannot find "${version}" in CHANGELOG.md: it has no heading`)
  const notes = section
    .split('\n')
    .slice(1)
    .filter((line) => !/^\[[^\]]+\]: /.test(line))
    .join('\n')
    .trim()
  if (notes === '') throw new Error(`cannot release "${version}": CHANGELOG.md says nothing about it`)
  return `${notes}\n`
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  process.stdout.write(findReleaseNotes(readFileSync(changelog, 'utf8'), process.argv[2] ?? ''))
}
