import { type ChildProcess, spawn } from 'node:child_process'
import { connect, createServer, type Socket } from 'node:net'
import ssh2, { type AuthContext, type Connection, type ServerChannel } from 'ssh2'

export interface SshUser {
  readonly password?: string
  /** Public keys in OpenSSH's one-line form. */
  readonly keys?: readonly string[]
  /** Questions of keyboard-interactive, and the right answers. */
  readonly questions?: readonly { readonly prompt: string; readonly echo: boolean; readonly answer: string }[]
  /** Each question comes by itself, when the one before is answered. */
  readonly asksOneByOne?: boolean
  /** Methods that must all succeed in this order, as sshd's AuthenticationMethods. */
  readonly needs?: readonly Method[]
}

type Method = 'password' | 'publickey' | 'keyboard-interactive'

export interface SshServerOptions {
  readonly users: Readonly<Record<string, SshUser>>
  /** Private host keys; a fresh ed25519 one unless given. */
  readonly hostKeys?: readonly string[]
  readonly ciphers?: readonly string[]
  readonly allowForwarding?: boolean
  readonly refuseExec?: boolean
  /** Takes requests to run a program and never answers them. */
  readonly ignoresExec?: boolean
  /** Whether the server reports the end of a program and leaves its channel open. */
  readonly leavesChannelsOpen?: boolean
  /** Asks as many questions at a time, again and again, whatever is answered. */
  readonly asksWithoutEnd?: number
  readonly banner?: string
  /** Accepts the TCP connection and never says a word, or hangs up at once. */
  readonly greeting?: 'none' | 'hang-up'
  /** Ends the connection at the login instead of refusing it. */
  readonly hangUpAtLogin?: boolean
}

export interface SshServer {
  readonly port: number
  /** Lines for a known_hosts file. */
  readonly knownHosts: string
  /** `user method` of each login that was tried. */
  readonly logins: readonly string[]
  readonly commands: readonly string[]
  readonly connectionCount: () => number
  /** Drops every connection without a word of SSH. */
  cut(): void
  /** Stops the server from sending anything, and closes nothing: a silent cut. */
  freeze(): void
  close(): Promise<void>
}

/** An SSH host on loopback. Commands run in the real `sh` of this machine. */
export async function startSshServer(options: SshServerOptions): Promise<SshServer> {
  const hostKeys = options.hostKeys ?? [makeKeyPair().private]
  const logins: string[] = []
  const commands: string[] = []
  const sockets = new Set<Socket>()
  const children = new Set<ChildProcess>()

  const ssh = new ssh2.Server(
    {
      hostKeys: [...hostKeys],
      ...(options.banner === undefined ? {} : { banner: options.banner }),
      ...(options.ciphers === undefined ? {} : { algorithms: { cipher: [...options.ciphers] as never } }),
    },
    (connection) => serveConnection(connection),
  )

  const tcp = createServer({ noDelay: true }, (socket) => {
    sockets.add(socket)
    socket.on('error', () => {}).on('close', () => sockets.delete(socket))
    if (options.greeting === 'hang-up') socket.destroy()
    else if (options.greeting === 'none') socket.resume()
    else ssh.injectSocket(socket)
  })

  function serveConnection(connection: Connection): void {
    const passed = new Set<Method>()
    connection.on('error', () => {})
    connection.on('authentication', (attempt) => {
      logins.push(`${attempt.username} ${attempt.method}`)
      if (options.asksWithoutEnd !== undefined) askWithoutEnd(attempt, options.asksWithoutEnd)
      else if (options.hangUpAtLogin) connection.end()
      else judgeLogin(attempt, passed)
    })
    connection.on('session', (accept) => {
      const session = accept()
      session.on('exec', (acceptExec, reject, { command }) => {
        commands.push(command)
        if (options.ignoresExec) return
        if (options.refuseExec) reject()
        else runCommand(acceptExec(), command)
      })
    })
    connection.on('tcpip', (accept, reject, { destIP, destPort }) => {
      if (!options.allowForwarding) return reject()
      const target = connect(destPort, destIP)
      target.once('connect', () => {
        const stream = accept()
        stream.pipe(target).pipe(stream)
        stream.on('close', () => target.destroy())
        target.on('close', () => stream.end())
      })
      target.on('error', () => reject())
    })
  }

  function askWithoutEnd(attempt: AuthContext, count: number): void {
    const questions = Array.from({ length: count }, () => ({ prompt: 'Password: ', echo: false }))
    if (attempt.method !== 'keyboard-interactive') attempt.reject(['keyboard-interactive'])
    else attempt.prompt(questions, () => askWithoutEnd(attempt, count))
  }

  function judgeLogin(attempt: AuthContext, passed: Set<Method>): void {
    const user = options.users[attempt.username]
    const settle = (isRight: boolean) => {
      if (!isRight) attempt.reject(methodsOf(user, passed), false)
      else {
        passed.add(attempt.method as Method)
        const left = (user?.needs ?? []).filter((method) => !passed.has(method))
        if (left.length === 0) attempt.accept()
        else attempt.reject(left.slice(0, 1), true)
      }
    }
    if (attempt.method === 'password') settle(user?.password !== undefined && attempt.password === user.password)
    else if (attempt.method === 'publickey') {
      const key = (user?.keys ?? [])
        .map((text) => ssh2.utils.parseKey(text))
        .find((known) => !(known instanceof Error) && known.getPublicSSH().equals(attempt.key.data))
      if (key === undefined || key instanceof Error) settle(false)
      else if (attempt.signature === undefined) attempt.accept()
      else settle(key.verify(attempt.blob as Buffer, attempt.signature, attempt.hashAlgo))
    } else if (attempt.method === 'keyboard-interactive' && user?.questions !== undefined) {
      const rounds = user.asksOneByOne === true ? user.questions.map((question) => [question]) : [user.questions]
      const askNext = (): void => {
        const questions = rounds.shift()
        if (questions === undefined) settle(true)
        else ask(questions)
      }
      const ask = (questions: NonNullable<SshUser['questions']>) =>
        attempt.prompt(
          questions.map(({ prompt, echo }) => ({ prompt, echo })),
          (answers) => {
            const isRight = questions.every(({ answer }, index) => answer === answers[index])
            if (isRight) askNext()
            else settle(false)
          },
        )
      askNext()
    } else settle(false)
  }

  function runCommand(channel: ServerChannel, command: string): void {
    const child = spawn('sh', ['-c', command], { detached: true })
    children.add(child)
    child.stdout.pipe(channel, { end: false })
    child.stderr.pipe(channel.stderr, { end: false })
    channel.pipe(child.stdin)
    child.stdin.on('error', () => {})
    child.on('close', (code, signal) => {
      children.delete(child)
      channel.exit((code ?? signal?.replace('SIG', '')) as number)
      if (!options.leavesChannelsOpen) channel.end()
    })
    // sshd closes its pipes when the connection goes away; it does not kill.
    channel.on('close', () => {
      child.stdin.destroy()
      child.stdout.destroy()
      child.stderr.destroy()
    })
  }

  await new Promise<void>((resolve) => tcp.listen(0, '127.0.0.1', resolve))
  const address = tcp.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  return {
    port,
    knownHosts: hostKeys.map((key) => `[127.0.0.1]:${port} ${publicLine(key)}\n`).join(''),
    logins,
    commands,
    connectionCount: () => sockets.size,
    cut: () => {
      for (const socket of sockets) socket.resetAndDestroy()
    },
    freeze: () => {
      for (const socket of sockets) {
        socket.pause()
        socket.cork()
      }
    },
    async close() {
      for (const child of children) {
        try {
          process.kill(-(child.pid ?? 0), 'SIGKILL')
        } catch {} // it has just ended
      }
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => tcp.close(resolve))
    },
  }
}

function methodsOf(user: SshUser | undefined, passed: ReadonlySet<Method>): Method[] {
  if (user?.needs !== undefined) return user.needs.filter((method) => !passed.has(method)).slice(0, 1)
  const methods: Method[] = []
  if (user?.keys !== undefined) methods.push('publickey')
  if (user?.password !== undefined) methods.push('password')
  if (user?.questions !== undefined) methods.push('keyboard-interactive')
  return methods.length === 0 ? ['publickey'] : methods
}

export interface KeyPair {
  readonly private: string
  readonly public: string
}

export function makeKeyPair(type: 'ed25519' | 'rsa' | 'ecdsa' = 'ed25519', passphrase?: string): KeyPair {
  const locked = passphrase === undefined ? {} : { passphrase, cipher: 'aes256-ctr', rounds: 1 }
  const bits = { ed25519: 0, rsa: 2048, ecdsa: 256 }[type]
  for (;;) {
    const pair = ssh2.utils.generateKeyPairSync(type as 'rsa', { bits, ...locked })
    // About one in a hundred keys that ssh2 makes is one that neither ssh2 nor ssh-keygen can read.
    if (!(ssh2.utils.parseKey(pair.private, passphrase) instanceof Error)) return pair
  }
}

/** `ssh-ed25519 AAAA…` of a private key. */
export function publicLine(privateKey: string): string {
  const key = ssh2.utils.parseKey(privateKey)
  if (key instanceof Error) throw key
  return `${key.type} ${key.getPublicSSH().toString('base64')}`
}
