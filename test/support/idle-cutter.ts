import { connect, createServer, type Server } from 'node:net'

/** A proxy in front of an address that drops each connection on which nothing has passed for a while, as load balancers do. */
export async function openIdleCutter(host: string, port: number, idleMs: number): Promise<Server & { cuts: number }> {
  const server = Object.assign(
    createServer((near) => {
      const far = connect({ host, port })
      near.pipe(far).pipe(near)
      const cut = () => {
        server.cuts += 1
        near.destroy()
        far.destroy()
      }
      let timer = setTimeout(cut, idleMs)
      for (const socket of [near, far]) {
        socket.on('data', () => {
          clearTimeout(timer)
          timer = setTimeout(cut, idleMs)
        })
        socket.on('error', () => {})
        socket.on('close', () => {
          clearTimeout(timer)
          near.destroy()
          far.destroy()
        })
      }
    }),
    { cuts: 0 },
  )
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return server
}
