import { expect, test } from 'vitest'
import { type ErrorCode, exitCodeOf } from '../../src/base/error-codes.ts'
import { fileLine, line, noted } from '../../src/base/hint.ts'
import { KcapError } from '../../src/base/kcap-error.ts'
import type { InterfaceReference } from '../../src/extcap/interface-name.ts'
import { formatFailure } from '../../src/extcap/report.ts'

const references: readonly InterfaceReference[] = [
  { kind: 'pod', contextPart: 'c', namespace: 'shop', pod: 'orders', value: 'kcap-c.shop.orders' },
  { kind: 'cluster', contextPart: 'c' },
  { kind: 'ssh' },
  { kind: 'demo' },
]
const [pod, cluster, ssh] = references as readonly [InterfaceReference, InterfaceReference, InterfaceReference]
/** Patterns of hints that only a shell can follow. */
const shellHints = [
  'the node keeps the rights to capture from it: --privileged',
  'in a file made by visudo -f /etc/sudoers.d/kcap:',
  fileLine('Defaults:USER !requiretty'),
  line('kubectl', 'get', 'pods', '-n', 'shop'),
  'kcap list pods -A',
  'not via ssh: no SSH host of its node is named',
  'KCAP_SUDO_PASSWORD=x',
]

test.each(Object.keys(exitCodeOf) as ErrorCode[])(
  'in a dialog of Wireshark, %s has four lines at most, with no option, no command and no unknown field',
  (code) => {
    for (const reference of references) {
      const text = formatFailure(
        new KcapError(code, 'cannot capture in "shop/x": a state', { hints: shellHints }),
        reference,
      )
      const [message, ...advice] = text.trimEnd().split('\n')
      expect(message).toBe('cannot capture in "shop/x": a state')
      expect(advice.length).toBeLessThanOrEqual(3)
      expect(text).not.toMatch(/--[a-z]|^ *(?:kcap|kubectl|ssh) |[{}]|undefined|requiretty/m)
    }
  },
)

const usage = (hints: ConstructorParameters<typeof KcapError>[2]) =>
  new KcapError('usage', 'cannot use --duration "soon": it is no time', hints)

test('an error in the dialog names an option by its field, and proposes a value for it', () => {
  expect(formatFailure(usage({ hints: ['--duration 90s', line('--snaplen', '128')] }), pod)).toBe(
    [
      'cannot use "Stop after (time)" "soon": it is no time',
      '"Stop after (time)" on the Limits tab: 90s',
      '"Snap length (0: whole packets)" on the Capture tab: 128',
      'the gear icon of the interface opens its options\n',
    ].join('\n'),
  )
})

test('a hint that refers to a field becomes one line with it, and a hint that refers to a command is omitted', () => {
  const hints = ['name an interface that has Ethernet headers:', '--iface eth0', noted('or', line('--sudo', 'sudo'))]
  expect(formatFailure(usage({ hints }), ssh).split('\n').slice(1, 3)).toEqual([
    'name an interface that has Ethernet headers: "Interface" on the Capture tab: eth0',
    'or: "Become root with" on the SSH tab: sudo',
  ])
  expect(formatFailure(usage({ hints: ['as one filter:', line('kcap', 'x')] }), ssh)).not.toContain('as one filter')
})

test('an error names a field only if the dialog has it', () => {
  const missing = new KcapError('pod-not-found', 'cannot capture "shop/x": there is no such pod')
  expect(formatFailure(missing, pod)).toBe(
    'cannot capture "shop/x": there is no such pod\npress F5 to refresh the interface list\n',
  )
  expect(formatFailure(missing, cluster)).toContain('choose another in "Pod, workload or service" on the Target tab\n')
})

test('hints are those of a shell where no interface is named', () => {
  expect(formatFailure(usage({ hints: ['--duration 90s', line('kcap', '--help')] }))).toBe(
    'cannot use --duration "soon": it is no time\n  --duration 90s\n  kcap --help\n',
  )
})
