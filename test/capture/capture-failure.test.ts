import { describe, expect, test } from 'vitest'
import { type CaptureFailure, explainFailure } from '../../src/capture/capture-failure.ts'

function explain(lines: readonly string[], more: Partial<CaptureFailure> = {}) {
  return explainFailure({
    name: 'ssh://root@node',
    interfaceName: 'eth0',
    hasFilter: false,
    entersPod: false,
    isLocal: false,
    hasNoPod: false,
    hasOtherPod: false,
    receivedBytes: 0,
    hasBegun: true,
    hasSudoPassword: false,
    missing: undefined,
    lines,
    exitCode: 1,
    ...more,
  })
}

const sudoers = 'USER ALL=(root) NOPASSWD: /usr/bin/tcpdump, /usr/sbin/tcpdump'
test.each([
  ['sudo', 'sudo: a password is required', sudoers],
  ['sudo', 'sudo: a terminal is required to read the password; either use the -S option', sudoers],
  ['doas', 'doas: Authentication required', 'permit nopass USER as root cmd tcpdump'],
])("%s that wants a password is 'sudo-password', with the line that removes it (%s)", (tool, line, rule) => {
  const error = explain([line])
  expect([error.code, error.exitCode]).toEqual(['sudo-password', 5])
  expect(error.message).toBe(`cannot capture on "ssh://root@node": ${tool} wants a password`)
  expect(error.hints.slice(-2)).toEqual([rule, 'or log in as root: --ssh-user root'])
  expect(error.hints.some((hint) => hint.startsWith('KCAP_SUDO_PASSWORD'))).toBe(tool === 'sudo')
})

test('a password that sudo refuses differs from a missing one', () => {
  const error = explain(['Sorry, try again.', 'sudo: no password was provided', 'sudo: 1 incorrect password attempt'], {
    hasSudoPassword: true,
  })
  expect([error.code, error.message]).toEqual([
    'sudo-password',
    'cannot capture on "ssh://root@node": sudo refused the password',
  ])
})

test("a user who is not in the sudoers file is 'capture-not-permitted'", () => {
  const error = explain(['cap is not in the sudoers file.'])
  expect([error.code, error.exitCode, error.message]).toEqual([
    'capture-not-permitted',
    5,
    'cannot capture on "ssh://root@node": cap is not in the sudoers file.',
  ])
  expect(error.hints).toEqual(['log in as root: --ssh-user root'])
})

test("what nobody has foreseen is 'capture-program-failed', in the program's own words", () => {
  const error = explain(['tcpdump: verbose output suppressed', 'tcpdump: the moon is full'])
  expect([error.code, error.exitCode, error.message]).toEqual([
    'capture-program-failed',
    1,
    'cannot capture on "ssh://root@node": the moon is full',
  ])
  expect(error.hints).toEqual(['run it again with --verbose to see the command'])
})

test('a program that printed nothing is reported with its exit code', () => {
  expect(explain([], { exitCode: 139 }).message).toBe(
    'cannot capture on "ssh://root@node": the capture program ended with exit code 139 and said nothing',
  )
})

test('where the network of a pod is entered, sudo must start nsenter without a password', () => {
  const { hints } = explain(['sudo: a password is required'], { entersPod: true })
  expect(hints[2]).toBe('USER ALL=(root) NOPASSWD: /usr/bin/nsenter, /usr/sbin/nsenter')
})

test("a host where nsenter is missing is 'no-capture-program', with the package that has it", () => {
  const error = explain([], { missing: 'nsenter', entersPod: true })
  expect([error.code, error.message]).toEqual([
    'no-capture-program',
    'cannot capture on "ssh://root@node": there is no "nsenter"',
  ])
  expect(error.hints[0]).toContain('util-linux')
})

test.each([
  "The capture session could not be initiated on interface 'eth0' (You don't have permission to capture on that device).",
  "couldn't run /usr/bin/dumpcap in child process: Permission denied",
])('what dumpcap says of a missing right is understood (%s)', (line) => {
  expect(explain([`dumpcap: ${line}`]).code).toBe('capture-not-permitted')
})

test('what dumpcap says of a missing interface is understood', () => {
  const line = "dumpcap: The capture session could not be initiated on interface 'eth9' (No such device exists)."
  expect(explain([line], { interfaceName: 'eth9' }).code).toBe('unknown-interface')
})

test("a network with other addresses than the pod's is 'pod-not-on-node'", () => {
  const error = explain([], { name: 'shop/orders', hasOtherPod: true })
  expect([error.code, error.exitCode, error.message]).toEqual([
    'pod-not-on-node',
    3,
    'cannot capture "shop/orders": the network found for it on that node has other addresses than the pod',
  ])
  expect(error.hints).toEqual(['the pod may just have been replaced: try again', '--via exec, --via ephemeral'])
})

describe("what libpcap says against a filter is 'bad-filter', in its words", () => {
  const explainFilter = (...lines: string[]) => explain(lines, { hasFilter: true, interfaceName: 'any' })

  test.each([
    ["can't parse filter expression: syntax error"],
    ['syntax error'],
    ["unknown host 'permission-not-permitted.example'"],
    ["unknown port 'does not exist'"],
    ['expression rejects all packets'],
    ['VLAN tag 5000 greater than maximum 4095'],
    ["'tcp' is not a valid qualifier for 'host'"],
    ["netmask not known, so 'ip broadcast' not supported"],
    ['802.11 link-layer types supported only on 802.11'],
    ['unsupported protocol over mpls'],
  ])('%s', (words) => {
    const error = explainFilter('tcpdump: data link type LINUX_SLL2', `tcpdump: ${words}`)
    expect([error.code, error.exitCode, error.message]).toEqual([
      'bad-filter',
      2,
      `cannot use the capture filter: ${words}`,
    ])
    expect(error.hints[0]).toBe('the grammar: man 7 pcap-filter')
  })

  test.each([
    ['no VLAN support for Linux cooked v2'],
    ['no VLAN support for data link type 276'],
    ["'vlan' not supported on DLT_LINUX_SLL2 (Linux cooked v2)"],
    ['no MPLS support for Linux cooked v1'],
    ['not a broadcast link'],
    ["'llc' not supported for Linux cooked v2"],
    ['ethernet addresses supported only on ethernet/FDDI/token ring/802.11/ATM LANE/Fibre Channel'],
    ['link-layer multicast filters supported only on ethernet/FDDI/token ring/ARCNET/802.11/ATM LANE/Fibre Channel'],
    ['only ethernet/FDDI/token ring/802.11/ATM LANE/Fibre Channel supports link-level host name'],
  ])('%s: an interface that may take it is named', (words) => {
    const error = explainFilter(`kcap-tcpdump-0a1b2c3d: ${words}`)
    expect([error.code, error.exitCode, error.message]).toEqual([
      'bad-filter',
      2,
      `cannot use the capture filter: ${words}`,
    ])
    expect(error.hints).toEqual(['name an interface that has Ethernet headers:', '--iface eth0'])
  })

  test('from dumpcap and tshark too', () => {
    const dumpcap = explainFilter(
      `dumpcap: Invalid capture filter "vlan" for interface 'any'.`,
      "That string isn't a valid capture filter (no VLAN support for Linux cooked v1).",
      "See the User's Guide for a description of the capture filter syntax.",
    )
    const tshark = explainFilter(
      `tshark: Invalid capture filter "vlan" for interface 'any'.`,
      "That string looks like a valid display filter; however, it isn't a valid",
      'capture filter (no VLAN support for Linux cooked v1).',
      "Note that display filters and capture filters don't have the same syntax,",
      "so you can't use most display filter expressions as capture filters.",
    )
    for (const error of [dumpcap, tshark])
      expect([error.code, error.message, error.hints.at(-1)]).toEqual([
        'bad-filter',
        'cannot use the capture filter: no VLAN support for Linux cooked v1',
        '--iface eth0',
      ])
  })

  test('but no other message is', () => {
    for (const line of ['tcpdump: eth0: not a valid device', 'tcpdump: invalid option', 'sudo: unknown user: x'])
      expect(explainFilter(line).code).not.toBe('bad-filter')
    expect(explain(['tcpdump: syntax error'], { hasFilter: false }).code).toBe('capture-program-failed')
  })
})

test('hints for a capture on this machine are about this machine, not about SSH', () => {
  const here = { name: 'local', isLocal: true }
  const refused = explain(["tcpdump: eth0: You don't have permission to capture on that device"], here)
  expect(refused.message).toMatch(/^cannot capture this machine: its user may not capture: /)
  expect(refused.hints.slice(0, 2)).toEqual(['--sudo sudo', 'run kcap as root'])
  const hints = [
    explain(['sudo: a password is required'], here),
    explain(['ann is not in the sudoers file'], here),
    explain([], { ...here, hasNoPod: true }),
    explain([], { ...here, missing: 'tcpdump' }),
    explain([], { ...here, missing: 'sudo' }),
  ].flatMap(({ hints }) => hints)
  expect(hints.filter((hint) => hint.includes('ssh'))).toEqual([])
})
