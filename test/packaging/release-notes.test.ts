import { execFileSync, spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { findReleaseNotes } from '../../packaging/release-notes.js'

const text = `# Changelog

## [Unreleased]

- later

## [0.2.0] - 2026-01-31

The second.

- a fix

## [0.1.0] - 2026-01-01

- first

[Unreleased]: https://git.example/compare/v0.2.0...HEAD
[0.2.0]: https://git.example/compare/v0.1.0...v0.2.0
`

test('notes are those of one version, without links', () => {
  expect(findReleaseNotes(text, '0.2.0')).toBe('The second.\n\n- a fix\n')
  expect(findReleaseNotes(text, '0.1.0')).toBe('- first\n')
})

test('a version without a heading or without notes is no release', () => {
  expect(() => findReleaseNotes(text, '0.2')).toThrow('cannot find "0.2" in CHANGELOG.md: it has no heading')
  expect(() => findReleaseNotes('## 0.3.0\n\n[0.3.0]: x\n', '0.3.0')).toThrow('cannot release "0.3.0"')
})

test('the script prints the notes of the version in package.json, or fails', () => {
  const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string }
  const printed = execFileSync(process.execPath, ['packaging/release-notes.js', version], { encoding: 'utf8' })
  expect(printed).toBe(findReleaseNotes(readFileSync('CHANGELOG.md', 'utf8'), version))
  expect(spawnSync(process.execPath, ['packaging/release-notes.js', '9.9.9']).status).toBe(1)
})
