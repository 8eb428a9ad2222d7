import { createHash } from 'node:crypto'
import { readFileSync, readlinkSync } from 'node:fs'
import { hostname } from 'node:os'

/**
 * Returns a mark of this process for file names: `MACHINE.PID.STARTED`. MACHINE identifies this boot and PID namespace, because hosts and containers
 * with separate PIDs may share a home folder. STARTED distinguishes the process from a later one with the same PID; it is 0 on platforms without
 * /proc.
 */
export function markProcess(): string {
  return `${machineMark()}.${process.pid}.${readStart(process.pid) ?? 0}`
}

/** Returns whether the process of a mark has certainly ended; undefined for a mark from another machine or an earlier boot. */
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

/** Returns a process's start time in clock ticks since boot: proc_pid_stat(5), field 22. Field 2, the name, may contain spaces and parentheses. */
function readStart(pid: number): number | undefined {
  const text = ignoreErrors(() => readFileSync(`/proc/${pid}/stat`, 'latin1'))
  const ticks = text?.slice(text.lastIndexOf(')') + 2).split(' ')[19]
  return ticks === undefined ? undefined : Number(ticks)
}

/** Returns whether this user's process is running; another user's process with that PID does not count. */
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
