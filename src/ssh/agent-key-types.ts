import { connect } from 'node:net'

const requestIdentities = Buffer.from([0, 0, 0, 1, 11])
const identitiesAnswer = 12
const answerTimeoutMs = 2_000
const maxAnswerBytes = 1_000_000

/**
 * Returns the types of all keys in an agent, including those that ssh2 silently skips. Returns none if the agent does not answer.
 * https://www.ietf.org/archive/id/draft-ietf-sshm-ssh-agent-00.html (SSH_AGENTC_REQUEST_IDENTITIES)
 */
export async function readAgentKeyTypes(agentSocket: string): Promise<string[]> {
  return await new Promise((resolve) => {
    let answer = Buffer.alloc(0)
    const socket = connect(agentSocket, () => socket.write(requestIdentities))
    // Limits the whole answer: one that trickles in byte by byte would never be idle.
    const timer = setTimeout(() => socket.destroy(), answerTimeoutMs)
    socket
      .on('error', () => {})
      .on('close', () => {
        clearTimeout(timer)
        resolve(readTypes(answer))
      })
    socket.on('data', (chunk: Buffer) => {
      answer = Buffer.concat([answer, chunk])
      if ((answer.length >= 4 && answer.length >= 4 + answer.readUInt32BE(0)) || answer.length > maxAnswerBytes)
        socket.destroy()
    })
  })
}

/** Parses an answer: its length, its kind, the number of keys, and for each key its blob and a comment. A blob begins with the key's type. */
function readTypes(answer: Buffer): string[] {
  const types: string[] = []
  try {
    if (answer[4] !== identitiesAnswer) return []
    const readText = (offset: number) => answer.subarray(offset + 4, offset + 4 + answer.readUInt32BE(offset))
    let offset = 9
    for (let left = answer.readUInt32BE(5); left > 0; left--) {
      const blob = readText(offset)
      types.push(blob.toString('latin1', 4, 4 + blob.readUInt32BE(0)))
      offset += 4 + blob.length
      offset += 4 + readText(offset).length
    }
  } catch {
    // The answer is cut off; keep the types read so far.
  }
  return types
}
