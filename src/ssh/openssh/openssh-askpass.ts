import { rm, writeFile } from 'node:fs/promises'
import { createServer, type Server, type Socket } from 'node:net'
import path from 'node:path'
import { quote } from '../../base/quote.ts'
import { makePrivateFolder } from '../../host/private-folder.ts'

/**
 * Answers a question from ssh; undefined leaves it unanswered. `kind` is ssh's SSH_ASKPASS_PROMPT: `confirm`, or `none` for a text that needs no
 * answer.
 */
export type AnswerSsh = (prompt: string, kind: string) => Promise<string | undefined>

export interface Askpass {
  /** Variables for ssh's environment. */
  readonly environment: Readonly<Record<string, string>>
  /** Returns whether a question is open. */
  isAsking(): boolean
  close(): Promise<void>
}

/**
 * Program that runs as SSH_ASKPASS. It sends the question through the socket and prints the answer. No secret is in an argv, a file or its
 * environment.
 */
const askerSource = `const socket = require('node:net').connect(process.env.KCAP_ASKPASS_SOCKET)
let answer = ''
socket.write(JSON.stringify([process.argv[1], process.env.SSH_ASKPASS_PROMPT ?? '']) + '\\n')
socket.on('error', () => {})
socket.on('data', (chunk) => { answer += chunk })
socket.on('close', () => answer === '' ? process.exit(1) : process.stdout.write(answer.slice(1)))`

const maxQuestionLength = 10_000

/**
 * Lets kcap answer ssh's questions through the interface for graphical programs (`SSH_ASKPASS`, https://man.openbsd.org/ssh#ENVIRONMENT). Both
 * clients then ask from one place, and Ctrl-C stays with kcap. The folder is accessible to the user only.
 */
export async function openAskpass(answer: AnswerSsh): Promise<Askpass> {
  const folder = makePrivateFolder('ask', { holdsSocket: true })
  const socketPath = path.join(folder, 'socket')
  const script = path.join(folder, 'ask')
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => {}).on('close', () => sockets.delete(socket))
    hear(socket, (question) => void reply(socket, question, answer))
  })
  async function close(): Promise<void> {
    for (const socket of sockets) socket.destroy()
    await new Promise((resolve) => server.close(resolve))
    await rm(folder, { recursive: true, force: true })
  }
  try {
    const words = `exec ${quote(process.execPath)} -e ${quote(askerSource)} "$1"`
    await writeFile(script, `#!/bin/sh\n${words}\n`, { mode: 0o700 })
    await listen(server, socketPath)
  } catch (error) {
    await close()
    throw error
  }
  return {
    environment: {
      SSH_ASKPASS: script,
      SSH_ASKPASS_REQUIRE: 'force',
      KCAP_ASKPASS_SOCKET: socketPath,
      // Before 8.4, ssh uses SSH_ASKPASS only if there is a display.
      DISPLAY: process.env.DISPLAY || ':0',
    },
    isAsking: () => sockets.size > 0,
    close,
  }
}

/** Reads a question, which is one line. An asker killed in the middle of it, as happens to ssh when kcap ends, gets no answer. */
function hear(socket: Socket, onQuestion: (question: string) => void): void {
  let question = ''
  socket.setEncoding('utf8').on('data', (text) => {
    if (question.endsWith('\n')) return
    question += text
    if (question.endsWith('\n')) onQuestion(question)
    else if (question.length > maxQuestionLength) socket.destroy()
  })
}

async function reply(socket: Socket, question: string, answer: AnswerSsh): Promise<void> {
  try {
    const [prompt, kind] = JSON.parse(question) as [string, string]
    const given = await answer(prompt, kind)
    // ssh ends the asker itself once its message is obsolete: a security key was touched.
    if (kind !== 'none') socket.end(given === undefined ? '' : `=${given}\n`)
  } catch {
    socket.destroy()
  }
}

async function listen(server: Server, socketPath: string): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(socketPath, resolve)
  })
}
