import { createHash } from 'node:crypto'
import { readFileSync, readlinkSync } from 'node:fs'
import { hostname } from 'node:os'

/**
 * Names this process in a file name: `MACHINE.PID.STARTED`. MACHINE is of this boot and this PID namespace, since a home folder may be
 * shared by hosts and containers that count their processes apart. STARTED tells the process from a later one with its PID; 0 where
 * the platform has no /proc.
 */
export function markProcess(): string {
  return `${machineMark()}.${process.pid}.${readStart(process.pid) ?? 0}`
}

/** Returns whether the process of a mark has certainly ended; undefined for a mark of another machine or an earlier boot. */
export function hasEnded(mark: string): boolean | undefined {
  const [machine, pid = '', started = ''] = mark.split('.')
  if (machine !== machineMark() || !/^\d{1,10}$/.test(pid)) return undefined
  if (!isRunning(Number(pid))) return true
  const now = readStart(Number(pid))
  return now !== undefined && started !== '0' && String(now) !== started
}

function machineMark(): string {
  const parts = [
    hostname(),
    ignoreErrors(() => readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim()),
    ignoreErrors(() => readlinkSync('/proc/self/ns/pid')),
  ]
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 8)
}

/** In clock ticks since boot. proc_pid_stat(5), field 22; the second one, the name, may hold spaces and parentheses. */
function readStart(pid: number): number | undefined {
  const text = ignoreErrors(() => readFileSync(`/proc/${pid}/stat`, 'latin1'))
  const ticks = text?.slice(text.lastIndexOf(')') + 2).split(' ')[19]
  return ticks === undefined ? undefined : Number(ticks)
}

/** A process of another user is none of ours. */
function isRunning(pid: number): boolean {
  return ignoreErrors(() => process.kill(pid, 0)) ?? false
}

function ignoreErrors<Result>(work: () => Result): Result | undefined {
  try {
    return work()
  } catch {
    return undefined
  }
}
