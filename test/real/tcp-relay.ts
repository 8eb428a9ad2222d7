import { connect, createServer, type Socket } from 'node:net'

/** A port forward to another port of loopback, as a NAT is one; what it answers first may take its time. Gives what ends it. */
export async function openTcpRelay(port: number, targetPort: number, firstAnswerMs = 0): Promise<() => Promise<void>> {
  const sockets = new Set<Socket>()
  const server = createServer((client) => {
    const target = connect(targetPort, '127.0.0.1')
    for (const socket of [client, target]) {
      sockets.add(socket)
      socket.on('error', () => {}).on('close', () => sockets.delete(socket))
    }
    client.pipe(target)
    const timer = setTimeout(() => target.pipe(client), firstAnswerMs)
    client.on('close', () => {
      clearTimeout(timer)
      target.destroy()
    })
    target.on('close', () => client.destroy())
  })
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  return async () => {
    for (const socket of sockets) socket.destroy()
    await new Promise((resolve) => server.close(resolve))
  }
}
