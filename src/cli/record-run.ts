import { mkdir, rm, utimes, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import path from 'node:path'
import type { CaptureRequest } from '../base/capture-request.ts'
import { exitCodes } from '../base/error-codes.ts'
import { Interruption } from '../base/interruption.ts'
import { quoteArgv } from '../base/quote.ts'
import { programWords } from '../host/program-name.ts'
import { watchForStop } from '../host/stop-signals.ts'
import { describeRestart } from '../record/describe-restart.ts'
import { livenessFile, liveSocket, recorderFolder } from '../record/recorder-folder.ts'
import { applySettings } from '../request/apply-settings.ts'
import { makeRequest } from '../request/make-request.ts'
import { parseArguments } from '../request/parse-arguments.ts'
import { recordOptions } from '../request/record-options.ts'
import { loadSettings } from '../settings/load-settings.ts'
import { runCapture } from './capture-command.ts'
import { printNote } from './report.ts'

const aliveMs = 5_000
/** Time to upload the last files, within the grace period of the pod. */
const finishMs = 45_000
/** Usual ports of the kubelet and of the API server, which carry packets to readers. https://kubernetes.io/docs/reference/networking/ports-and-protocols/ */
const execPorts = [10250, 6443]
/** Maximum number of kcaps that may be attached at the same time. */
const maxReaders = 16

/**
 * Runs `kcap record run TARGET… --keep SIZE` in the pod of a recorder: captures the pods of this node by the local route into files that keep the
 * newest packets, and serves them at a socket. Continues with the files that an earlier run has left. Ends with SIGTERM only: when everything that it
 * captured has gone, its files can still be read.
 * @throws {KcapError} any code — when it can't capture
 */
export async function runRecorder(argv: readonly string[]): Promise<number> {
  const settings = await loadSettings()
  const parsed = applySettings(parseArguments(argv, { more: recordOptions }), settings)
  const folder = recorderFolder
  await mkdir(folder, { recursive: true })
  const startComment = await describeRestart(folder)
  // A killed run leaves both.
  await Promise.all([liveSocket(folder), livenessFile(folder)].map((file) => rm(file, { force: true })))
  const request = makeRequest(parsed, {
    output:
      parsed.text('to') === undefined
        ? { kind: 'file', path: path.join(folder, 'recording.pcapng'), overwrite: true }
        : { kind: 'store', folder },
    commandLine: quoteArgv([...programWords, 'record', 'run', ...argv]),
    settings,
  })
  const stop = watchForStop({ followParent: false })
  const alive = setInterval(() => void markAlive(folder), aliveMs)
  try {
    await markAlive(folder)
    await runCapture(
      parsed,
      { ...makeRecorderRequest(request, folder, parsed.text('name')), startComment },
      stop.signal,
    )
    if (!stop.signal.aborted) {
      printNote('nothing is left to capture; the files can be read until the record ends')
      await new Promise((resolve) => stop.signal.addEventListener('abort', resolve, { once: true }))
    }
    return exitCodes.done
  } catch (error) {
    // A stop before the first packet is an end like any other.
    if (error instanceof Interruption) return exitCodes.done
    throw error
  } finally {
    clearInterval(alive)
    stop.close()
  }
}

function makeRecorderRequest(request: CaptureRequest, folder: string, record = 'recording'): CaptureRequest {
  const { upload } = request
  // The host name is that of the node. Another pod of the job there begins with other times in the names of its files.
  const captureName = `${record}-${hostname()}`
  return {
    ...request,
    via: 'local',
    reconnectMs: Number.POSITIVE_INFINITY,
    waitsForPods: true,
    share: { protocol: 'unix', path: liveSocket(folder), maxReaders },
    ownPorts: execPorts,
    rotation: { ...request.rotation, resume: true },
    upload: upload && { ...upload, name: captureName, finishMs },
  }
}

async function markAlive(folder: string): Promise<void> {
  const file = livenessFile(folder)
  const now = new Date()
  await utimes(file, now, now).catch(async () => await writeFile(file, ''))
}
