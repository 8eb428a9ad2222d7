import { readFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import type { CaptureRequest } from '../../src/base/capture-request.ts'
import type { TargetName } from '../../src/base/target.ts'
import { runSession } from '../../src/session/run-session.ts'
import type { SessionProgress } from '../../src/session/session-progress.ts'
import { makeCaptureRequest } from './capture-request.ts'
import { makeFastClock } from './fast-clock.ts'
import { parseBlocks } from './packets.ts'

/** Starts a capture of a target into a file, in this process; the test sees its figures and events as they come. */
export function startSession(file: string, target: TargetName, more: Partial<CaptureRequest> = {}) {
  const stop = new AbortController()
  const events: string[] = []
  let progress: SessionProgress | undefined
  let link = ''
  const request = makeCaptureRequest(file, {
    targets: [target],
    ...more,
  })
  const summary = runSession(request, {
    signal: stop.signal,
    interactive: false,
    watch: (watched) => {
      progress = watched
    },
    tell: (event) => events.push(event),
    onShare: (shared) => {
      link = shared
    },
    log: () => {},
    clock: makeFastClock(),
  })
  const until = async (what: string, isThere: () => boolean) => {
    for (let i = 0; i < 400 && !isThere(); i++) await sleep(25)
    if (!isThere()) throw new Error(`${what} did not come about: ${events.join('; ')}`)
  }
  const sources = () => progress?.sources() ?? []
  const source = (name: string) => sources().find((known) => known.name === name)
  return {
    events,
    /** Link of the shared capture, once it is there. */
    link: () => link,
    sources,
    source,
    untilCapturing: (name: string, packets = 5) =>
      until(name, () => source(name)?.state === 'capturing' && (source(name)?.packets ?? 0) >= packets),
    untilEvent: (pattern: RegExp) => until(String(pattern), () => events.some((event) => pattern.test(event))),
    until,
    async stop() {
      stop.abort()
      return await summary
    },
    summary,
  }
}

/** Comments of packets in a file, by the number of their interface. */
export async function packetComments(file: string): Promise<[number, string][]> {
  return parseBlocks(await readFile(file)).flatMap(({ type, body, options }): [number, string][] => {
    if (type !== 6) return []
    const length = 20 + ((body.readUInt32LE(12) + 3) & ~3)
    const comment = options(length).get(1)?.[0]
    return comment === undefined ? [] : [[body.readUInt32LE(0), comment.toString()]]
  })
}
