import { spawn } from 'node:child_process'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { vi } from 'vitest'
import { programPath } from './run-kcap.ts'

export const completingShells = ['bash', 'zsh', 'fish'] as const
export type CompletingShell = (typeof completingShells)[number]

/** Starts completion as `kcap completion --help` says; in bash without the package bash-completion. */
const start: Readonly<Record<CompletingShell, (home: string) => { command: string; files: Record<string, string> }>> = {
  bash: (home) => ({
    command: `bash --noprofile --rcfile ${home}/.bashrc -i`,
    files: { '.bashrc': `PS1='ready> '; source <(kcap completion bash)\n` },
  }),
  zsh: () => ({
    command: 'zsh -d -i',
    files: {
      '.zshrc': `mkdir ~/.zfunc; kcap completion zsh >~/.zfunc/_kcap; fpath+=~/.zfunc; autoload -Uz compinit; compinit -u -D; PS1='ready> '\n`,
    },
  }),
  fish: () => ({
    command: 'fish -i',
    files: {
      // Else fish reads all manual pages, in the background and beyond its end.
      '.local/fish/generated_completions/none.fish': '',
      '.config/fish/config.fish': `function fish_prompt; echo 'ready> '; end; mkdir -p ~/.config/fish/completions; kcap completion fish >~/.config/fish/completions/kcap.fish\n`,
    },
  }),
}

/** An interactive shell with kcap's completion. */
export interface TypedShell {
  /** Types, then Enter; returns the words with which that starts kcap. */
  type(keys: string): Promise<string[]>
  close(): Promise<void>
}

/** `kcap` itself answers the shell, and notes its words instead of a capture. */
export async function openTypedShell(
  shell: CompletingShell,
  folder: string,
  environment: Record<string, string>,
): Promise<TypedShell> {
  const home = await mkdtemp(path.join(folder, `${shell}-`))
  const noted = path.join(home, 'noted')
  const kcap = path.join(home, 'bin', 'kcap')
  const { command, files } = start[shell](home)
  const program = `#!/bin/sh
case $1 in --kcap-*|completion) exec '${process.execPath}' '${programPath}' "$@" ;; esac
printf '%s\\n' "$@" >'${noted}.new'
mv '${noted}.new' '${noted}'
`
  for (const [name, text] of Object.entries({ ...files, 'bin/kcap': program })) {
    await mkdir(path.dirname(path.join(home, name)), { recursive: true })
    await writeFile(path.join(home, name), text, { mode: 0o755 })
  }
  const child = spawn('script', ['-qefc', command, '/dev/null'], {
    cwd: folder,
    env: {
      ...process.env,
      PATH: `${path.dirname(kcap)}:${process.env.PATH}`,
      HOME: home,
      ZDOTDIR: home,
      XDG_CONFIG_HOME: path.join(home, '.config'),
      XDG_DATA_HOME: path.join(home, '.local'),
      TERM: 'xterm',
      ...environment,
    },
  })
  let shown = ''
  child.stdout.on('data', (chunk: Buffer) => {
    shown += chunk.toString()
  })
  const closed = new Promise<void>((resolve) => child.on('close', () => resolve()))
  const patience = { timeout: 15_000, interval: 20 }
  const waitForPrompt = async () => await vi.waitUntil(() => shown.includes('ready> '), patience)
  await waitForPrompt()
  return {
    async type(keys) {
      shown = ''
      await rm(noted, { force: true })
      child.stdin.write(`${keys}\r`)
      try {
        const words = await vi.waitFor(async () => await readFile(noted, 'utf8'), patience)
        return words.trimEnd().split('\n')
      } catch (error) {
        throw new Error(`${shell} shows: ${JSON.stringify(shown)}`, { cause: error })
      }
    },
    async close() {
      child.stdin.end('\u0003exit\r')
      const late = setTimeout(() => child.kill('SIGKILL'), 3_000)
      await closed
      clearTimeout(late)
    },
  }
}
