import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { quote } from '../base/quote.ts'

/** Answers what ssh asks; undefined: nobody does. `kind` is ssh's SSH_ASKPASS_PROMPT: `confirm`, `none` for a text that needs no answer. */
export type AnswerSsh = (prompt: string, kind: string) => Promise<string | undefined>

export interface Askpass {
  /** For the environment of ssh. */
  readonly environment: Readonly<Record<string, string>>
  /** A question is open. */
  isAsking(): boolean
  close(): Promise<void>
}

/** Runs as SSH_ASKPASS: hands the question on through the socket, prints the answer. No secret is in an argv, a file or its environment. */
const askerSource = `const socket = require('node:net').connect(process.env.KCAP_ASKPASS_SOCKET)
let answer = ''
socket.end(JSON.stringify([process.argv[1], process.env.SSH_ASKPASS_PROMPT ?? '']))
socket.on('error', () => {})
socket.on('data', (chunk) => { answer += chunk })
socket.on('close', () => answer === '' ? process.exit(1) : process.stdout.write(answer.slice(1)))`

const maxQuestionLength = 10_000

/**
 * Lets kcap answer what ssh asks, by the way that ssh has for graphical programs (`SSH_ASKPASS`, https://man.openbsd.org/ssh#ENVIRONMENT):
 * the questions of both clients come from one place, and Ctrl-C is kcap's alone. The folder is the user's only.
 */
export async function openAskpass(answer: AnswerSsh): Promise<Askpass> {
  const folder = await mkdtemp(path.join(tmpdir(), 'kcap-ask-'))
  const socketPath = path.join(folder, 'socket')
  const script = path.join(folder, 'ask')
  await writeFile(script, `#!/bin/sh\nexec ${quote(process.execPath)} -e ${quote(askerSource)} "$1"\n`, { mode: 0o700 })
  const sockets = new Set<Socket>()
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.add(socket)
    socket.on('error', () => {}).on('close', () => sockets.delete(socket))
    let question = ''
    socket.on('data', (chunk) => {
      question += chunk.toString('utf8')
      if (question.length > maxQuestionLength) socket.destroy()
    })
    const reply = async () => {
      const [prompt, kind] = JSON.parse(question) as [string, string]
      const given = await answer(prompt, kind)
      socket.end(given === undefined ? '' : `=${given}\n`)
    }
    // Whatever else finds the socket and asks nothing that makes sense gets no answer.
    socket.on('end', () => void reply().catch(() => socket.destroy()))
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(socketPath, resolve)
  })
  return {
    environment: {
      SSH_ASKPASS: script,
      SSH_ASKPASS_REQUIRE: 'force',
      KCAP_ASKPASS_SOCKET: socketPath,
      // Before 8.4 ssh asks so only where there is a display.
      DISPLAY: process.env.DISPLAY || ':0',
    },
    isAsking: () => sockets.size > 0,
    async close() {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
      await rm(folder, { recursive: true, force: true })
    },
  }
}
