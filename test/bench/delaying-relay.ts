import { connect, createServer, type Server, type Socket } from 'node:net'
import { performance } from 'node:perf_hooks'

/** A long fat line: every byte arrives `delayMs` later, and as many as wanted are on their way. Returns the server that leads to the address. */
export async function openDelayingRelay(host: string, port: number, delayMs: number): Promise<Server> {
  const server = createServer({ noDelay: true }, (near) => {
    const far = connect({ host, port, noDelay: true })
    delay(near, far, delayMs)
    delay(far, near, delayMs)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return server
}

function delay(from: Socket, to: Socket, delayMs: number): void {
  const waiting: { readonly dueMs: number; readonly chunk: Buffer | undefined }[] = []
  let isSet = false
  const send = () => {
    isSet = false
    while (waiting[0] !== undefined && waiting[0].dueMs <= performance.now()) {
      const { chunk } = waiting.shift() as (typeof waiting)[number]
      if (chunk === undefined) to.end()
      else to.write(chunk)
    }
    if (waiting[0] !== undefined) wait(waiting[0].dueMs - performance.now())
  }
  const wait = (ms: number) => {
    if (isSet) return
    isSet = true
    setTimeout(send, Math.max(0, ms))
  }
  const push = (chunk: Buffer | undefined) => {
    waiting.push({ dueMs: performance.now() + delayMs, chunk })
    wait(delayMs)
  }
  from.on('data', push).on('end', () => push(undefined))
  for (const socket of [from, to]) socket.on('error', () => {}).on('close', () => to.destroy())
}
