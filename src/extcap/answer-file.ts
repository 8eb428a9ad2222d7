import { rmSync } from 'node:fs'
import path from 'node:path'
import { posixChecksum } from '../base/posix-checksum.ts'
import { version } from '../base/version.ts'
import { readPrivateFile, removeOldFiles, writePrivateFile } from '../host/private-file.ts'
import { findUserFolders } from '../host/user-folders.ts'

const maxBytes = 4 * 1024 * 1024
const maxAgeMs = 30 * 24 * 3_600_000

/**
 * Stores an answer to Wireshark for later. The first line of its file is `kcap VERSION CHECKSUM KEY`. The launcher (launchers/launcher.sh) prints the
 * rest only if all three match, so that an outdated, truncated or edited file is ignored.
 */
export function storeAnswer(name: string, key: string, body: string, environment = process.env): void {
  const file = answerPath(name, environment)
  const text = `${formatHeader(key, body)}\n${body}`
  if (readPrivateFile(file, maxBytes) !== text) writePrivateFile(file, text)
}

/** Returns a stored answer; undefined if there is none of this version with a matching key. */
export function readAnswer(
  name: string,
  isKey: (key: string) => boolean,
  environment = process.env,
): string | undefined {
  const text = readPrivateFile(answerPath(name, environment), maxBytes)
  const lineEnd = text?.indexOf('\n') ?? -1
  if (text === undefined || lineEnd < 0) return undefined
  const body = text.slice(lineEnd + 1)
  const prefix = formatHeader('', body)
  return text.startsWith(prefix) && isKey(text.slice(prefix.length, lineEnd)) ? body : undefined
}

/** Removes an answer that has turned out to be wrong. */
export function removeAnswer(name: string, environment: NodeJS.ProcessEnv = process.env): void {
  rmSync(answerPath(name, environment), { force: true })
}

/** Removes dialogs of interfaces that were not captured from for a month. */
export function sweepAnswers(environment: NodeJS.ProcessEnv = process.env): void {
  removeOldFiles(path.dirname(answerPath('list', environment)), maxAgeMs)
}

function formatHeader(key: string, body: string): string {
  return `kcap ${version} ${posixChecksum(Buffer.from(body))} ${key}`
}

function answerPath(name: string, environment: NodeJS.ProcessEnv): string {
  return path.join(findUserFolders(environment).cache, 'answers', name)
}
