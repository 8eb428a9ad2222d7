import { fileLine, type Hint, line } from '../base/hint.ts'
import { KcapError } from '../base/kcap-error.ts'
import { findRefusal, makeBadFilterError } from '../filter/refusals.ts'
import { lacksShell } from '../remote/login-shell.ts'

export interface CaptureFailure {
  readonly name: string
  readonly interfaceName: string
  readonly hasFilter: boolean
  /** Whether the capture enters the network of a pod from its node. */
  readonly entersPod: boolean
  /** Whether the capture program runs on this machine. */
  readonly isLocal: boolean
  /** Whether sudo was given a password. */
  readonly hasSudoPassword: boolean
  /** Whether the script that kcap sent ran at all. */
  readonly hasBegun: boolean
  /** Whether the node has no process of that pod. */
  readonly hasNoPod: boolean
  /** Whether the network found has other addresses than the pod. */
  readonly hasOtherPod: boolean
  /** Program that the remote host lacks. */
  readonly missing: string | undefined
  /** Bytes of an incomplete header. */
  readonly receivedBytes: number
  /** Lines that the remote host printed. */
  readonly lines: readonly string[]
  readonly exitCode: number | undefined
}

const permissionPatterns =
  /permission|not permitted|CAP_NET_RAW|EPERM|EACCES|must be root|couldn't change to|can't be opened with/i
const interfacePatterns =
  /no such device|SIOCGIFHWADDR|SIOCETHTOOL.*no such|does not exist|network is down|is not up|that device is not up/i
const sudoPasswordPatterns =
  /a password is required|a terminal is required|no tty present|no password was provided|incorrect password|Authentication required|doas: .*(password|authentication)/i
const sudoRefusedPatterns = /not in the sudoers|not allowed to (execute|run)|may not run sudo|doas: .*not permitted/i

function passwordlessHints(tool: 'sudo' | 'doas', program: 'tcpdump' | 'nsenter'): Hint[] {
  if (tool === 'doas')
    return [
      'let doas start it without a password; in /etc/doas.conf:',
      fileLine(`permit nopass USER as root cmd ${program}`),
    ]
  return [
    `let sudo start it without a password; in a file made by visudo -f /etc/sudoers.d/${program}:`,
    fileLine(`USER ALL=(root) NOPASSWD: /usr/bin/${program}, /usr/sbin/${program}`),
  ]
}

/** Returns why the remote host captured nothing, judging by what it printed. */
export function explainFailure(failure: CaptureFailure): KcapError {
  const { name, lines } = failure
  const place = name === 'local' ? 'this machine' : `${isSsh(name) ? 'on' : 'in'} "${name}"`
  const said = quoteTool(lines)
  const found = (pattern: RegExp) => lines.some((line) => pattern.test(line))
  if (failure.hasNoPod)
    return new KcapError('pod-not-on-node', `cannot capture "${name}": no process of it is on that node`, {
      hints: [
        'is it the node of the pod? kubectl get pod -o wide',
        `hidepid on /proc hides it from all but root: ${failure.isLocal ? 'sudo kcap' : '--ssh-user root'}`,
      ],
    })
  if (failure.hasOtherPod)
    return new KcapError(
      'pod-not-on-node',
      `cannot capture "${name}": the network found for it on that node has other addresses than the pod`,
      { hints: ['the pod may just have been replaced: try again', '--via exec, --via ephemeral'] },
    )
  if (failure.missing !== undefined) {
    return new KcapError('no-capture-program', `cannot capture ${place}: there is no "${failure.missing}"`, {
      hints: installHints(failure),
    })
  }
  // kcap's script did not run, so others printed these lines: a banner, or the account's own command.
  if (!failure.hasBegun && isSsh(name)) {
    const [last] = lines.slice(-1)
    if (lacksShell(lines))
      return new KcapError('no-shell', `cannot capture ${place}: its login shell finds no "sh"`, {
        facts: { lacksShell: true },
        hints: ['what does its profile do to PATH? --ssh-user USER names another account'],
      })
    return new KcapError('no-shell', `cannot capture ${place}: the host did not run what kcap asked for`, {
      hints: [
        'the account may be limited to a command of its own, or to file transfer: --ssh-user USER names another',
        ...(last === undefined ? [] : [`the last that came from there: ${last.slice(0, 200)}`]),
      ],
    })
  }
  // Checked before all searches for words: the names in a filter may contain any of them.
  const refusal = failure.hasFilter ? findRefusal(lines) : undefined
  if (refusal !== undefined) return makeBadFilterError(refusal)
  if (found(/must have a tty/i))
    return new KcapError('capture-not-permitted', `cannot capture ${place}: its sudo works at a terminal only`, {
      hints: [
        'let it work without one; in a file made by visudo -f /etc/sudoers.d/kcap:',
        fileLine('Defaults:USER !requiretty'),
        `or ${becomeRoot(failure)}`,
      ],
    })
  if (found(sudoPasswordPatterns)) {
    const tool = found(/^doas: /) ? 'doas' : 'sudo'
    const state = failure.hasSudoPassword ? `${tool} refused the password` : `${tool} wants a password`
    return new KcapError('sudo-password', `cannot capture ${place}: ${state}`, {
      hints: [
        ...(tool === 'sudo' ? ['KCAP_SUDO_PASSWORD gives it; on a terminal kcap asks for it'] : []),
        ...passwordlessHints(tool, failure.entersPod ? 'nsenter' : 'tcpdump'),
        `or ${becomeRoot(failure)}`,
      ],
    })
  }
  if (found(sudoRefusedPatterns))
    return new KcapError('capture-not-permitted', `cannot capture ${place}: ${said}`, {
      hints: [becomeRoot(failure)],
    })
  if (found(interfacePatterns)) {
    return new KcapError(
      'unknown-interface',
      `cannot capture ${place}: there is no interface "${failure.interfaceName}"`,
      { hints: ['--iface any captures on all of them'] },
    )
  }
  if (found(permissionPatterns)) {
    return new KcapError('capture-not-permitted', `cannot capture ${place}: its user may not capture: ${said}`, {
      hints: permissionHints(failure),
    })
  }
  const state = said === '' ? describeSilentEnd(failure) : said
  return new KcapError('capture-program-failed', `cannot capture ${place}: ${state}`, {
    hints: ['run it again with --verbose to see the command'],
    facts: {
      hasUnknownOption: lines.some((line) => /(unrecognized|invalid|illegal) option/.test(line)),
      // A shell reports a signal as 128 and its number.
      mayHaveEnded: said === '' && (failure.exitCode ?? 0) > 128,
    },
  })
}

function describeSilentEnd({ receivedBytes, exitCode }: CaptureFailure): string {
  if (receivedBytes > 0) return `its stream ended at byte ${receivedBytes}, before its header was whole`
  return `the capture program ended with exit code ${exitCode ?? 'unknown'} and said nothing`
}

/** Returns the program's last errors without its name in front of them. */
function quoteTool(lines: readonly string[]): string {
  const errors = lines.filter(
    (line) => !/^tcpdump: (verbose output|data link type)|^Warning:|^command terminated with exit code/i.test(line),
  )
  return errors
    .slice(-3)
    .map((line) => line.replace(/^(tcpdump|sudo): /, ''))
    .join(' ')
    .slice(0, 400)
}

function isSsh(name: string): boolean {
  return name.startsWith('ssh://')
}

/** Returns how to capture as root. */
function becomeRoot({ isLocal }: CaptureFailure): string {
  return isLocal ? 'run kcap as root' : 'log in as root: --ssh-user root'
}

function installHints(failure: CaptureFailure): Hint[] {
  const { name, missing, isLocal } = failure

  if (missing === 'nsenter') return ['it is in the package util-linux; a debug image must have it: --debug-image IMAGE']
  if (missing === 'sudo' || missing === 'doas')
    return [becomeRoot(failure), line('--sudo', missing === 'sudo' ? 'doas' : 'sudo')]
  if (isSsh(name) || isLocal)
    return [`install it ${isLocal ? 'here' : 'there'}: apt-get install tcpdump, dnf install tcpdump, apk add tcpdump`]
  return ['another container of the pod may have it: --container NAME']
}

function permissionHints(failure: CaptureFailure): string[] {
  const { name, isLocal } = failure
  if (isSsh(name) || isLocal)
    return [
      '--sudo sudo',
      isLocal ? becomeRoot(failure) : '--ssh-user root',
      'or give tcpdump the right on that host: setcap cap_net_raw,cap_net_admin+ep "$(command -v tcpdump)"',
    ]
  return ['another container of the pod may run as root: --container NAME']
}
