import { hostname } from 'node:os'
import path from 'node:path'

/** Returns a name that no other capture has: host, time in UTC, and a random part. */
export function makeCaptureName(now: Date = new Date()): string {
  const host = hostname()
    .replaceAll(/[^A-Za-z0-9.-]/g, '-')
    .slice(0, 63)
  const time = now.toISOString().replace(/\.\d+/, '').replaceAll(/[-:]/g, '')
  return `${host}-${time}-${Math.random().toString(16).slice(2, 8).padEnd(6, '0')}`
}

/** Returns the key of a file: the prefix, the name of the capture, and the file's own name unless it begins with that. */
export function makeObjectKey(prefix: string, captureName: string, file: string): string {
  const name = path.basename(file)
  return `${prefix}${name.startsWith(`${captureName}_`) ? '' : `${captureName}-`}${name}`
}
