import { version } from '../base/version.ts'
import type { OptionGroup } from '../request/option-row.ts'
import { optionTable } from '../request/option-table.ts'
import type { Command, CommandOption } from './command-table.ts'

const title = `kcap ${version}: live packets of Kubernetes pods and SSH hosts, in Wireshark or in a file\n\n`

export const introExamples = `  kcap NAMESPACE/POD                       capture in a pod
  kcap NAMESPACE/POD --wireshark           the same, live in a Wireshark window
  kcap svc/SERVICE -n NAMESPACE            all pods behind a service, as they come and go
  kcap deploy/X, 'NS/POD-*', -l app=X -A   of a workload, of a pattern, with labels
  kcap NAMESPACE/POD -o - | tshark -i -    into another program
  kcap NAMESPACE/POD --via ephemeral       of a pod without shell or tcpdump: a debug container joins it
  kcap node/NAME --via node-pod            of a node
  kcap --ssh-host HOST --port 443          capture on a host
  kcap NAMESPACE/POD --ssh-host NODE       of a pod, from its node
  kcap                                     choose a pod from a list
  kcap demo                                a small cluster of kcap's own; needs nothing but Node
  kcap list pods -n NAMESPACE              pods, services, deployments, containers, contexts, …
  kcap install                             put kcap into Wireshark's interface list
  kcap doctor                              whether Wireshark will see kcap, and what it will list
  kcap doctor NAMESPACE/POD                which ways lead to its packets, and what would open the others
  kcap completion bash|zsh|fish            have the shell complete options, pods, services and hosts
  kcap cleanup                             remove what captures that were killed have left in the cluster
`

export const exitCodeHelp = `Exit codes: 0 done, 1 failed, 2 wrong usage, 3 no such target, 4 cannot connect or log in, 5 not permitted,
6 no capture program on the far side, 7 output cannot be written.
`

const commandHelp: Record<Command, string> = {
  list: `kcap list [WHAT] [-n NAMESPACE | -A] [-l SELECTOR] [-o wide|json|yaml|name] [--no-headers]
kcap list interfaces TARGET

WHAT: pods (default), containers, services, deployments, statefulsets, daemonsets, replicasets, jobs, cronjobs, nodes, namespaces,
contexts; po, svc, deploy and the like too. The columns are those of kubectl get, the namespace is the context's, and -A means all.
-o name prints targets: NAMESPACE/POD, svc/NAME, with -A NAMESPACE/svc/NAME.

  kcap list pods -n prod -o wide
  kcap list svc -A
  kcap list pods -A -o name | fzf | xargs kcap
  kcap list interfaces prod/orders-6c9f
`,
  demo: `kcap demo [POD] [options of a capture]
kcap demo --serve [--rate N]

Starts, on loopback, a small Kubernetes API server with pods and traffic of its own, and captures from it as from any cluster.
Needs no cluster, no root, no tcpdump and no network.

  kcap demo -o demo.pcapng                 ten seconds of prod/orders-6c9f; --duration changes that
  kcap demo --wireshark
  kcap demo svc/orders --port 8080

--serve captures nothing and keeps the cluster running until Ctrl-C. It prints the line that makes kcap, kubectl and Wireshark in
another terminal use the cluster, and removes its kubeconfig at the end.

  kcap demo --serve                        prints: export KUBECONFIG=...
  kcap list pods                           in the other terminal, after that line; kcap alone, kcap doctor
`,
  install: `kcap install [--folder DIR]

Puts a launcher into Wireshark's personal extcap folder, of all its versions, so that clusters and pods stand in its interface list.
`,
  uninstall: `kcap uninstall [--folder DIR]

Removes what kcap install wrote, and nothing else.
`,
  doctor: `kcap doctor [TARGET] [-o json]

Says in six lines whether Wireshark will see kcap: which Wireshark looks where, what its launcher starts, with which Node, what the
config asks for, whether the programs that log in are found, and what a listing gives and how long it takes. Ends with 1 when something is wrong.

  kcap doctor NAMESPACE/POD                rights, pod security, tools, clock: which ways lead to its packets, why the others do not,
                                           and the Role that would help; ends with 6 when none does
  kcap doctor NAMESPACE/POD --try-image    also starts the debug image on its node, once
`,
  cleanup: `kcap cleanup [-n NS | -A] [--dry-run] [--force]

Removes what captures that were killed have left: pods on nodes, capture programs without a supervisor, uploaded programs. Tells of debug
containers that have ended, which nobody can remove from a pod. Only what carries kcap's own label or tag, and what nobody uses;
--force also takes pods on nodes that may be in use. --dry-run only looks.
`,
  config: `kcap config [path|show|init]

  kcap config init      writes a config file that explains itself
  kcap config show      what holds, defaults included
  kcap config path      where it lies; KCAP_CONFIG names another
`,
  completion: `kcap completion bash|zsh|fish

Prints what makes the shell complete commands, options and their values, contexts, namespaces, pods, services, workloads, nodes and
SSH hosts. No cluster is waited for: names are those of the last answer, and are refreshed in the background.

  kcap completion bash > ~/.local/share/bash-completion/completions/kcap
  kcap completion zsh > ~/.zfunc/_kcap     after: fpath+=~/.zfunc in ~/.zshrc, before its compinit
  kcap completion fish > ~/.config/fish/completions/kcap.fish

Without the package bash-completion: source <(kcap completion bash) in ~/.bashrc. For kubectl kcap the program kubectl_complete-kcap,
which is installed with kcap, answers kubectl (since 1.26); krew links it after:
  ln -s ~/.krew/store/kcap/*/kubectl_complete-kcap ~/.krew/bin/
`,
}

/** The whole help, or that of a command. */
export function formatHelp(command?: Command): string {
  if (command !== undefined) return commandHelp[command]
  const groups = [...new Set(optionTable.map(({ group }) => group))]
  return `${title}${introExamples}${groups.map(formatGroup).join('')}\n${exitCodeHelp}`
}

function formatGroup(group: OptionGroup): string {
  const rows = optionTable.filter((row) => row.group === group)
  return `\n${group}\n${rows.map((row) => `  ${formatOption(row).padEnd(34)} ${row.help}\n`).join('')}`
}

export function formatOption(row: CommandOption): string {
  const shorts = [row.short, ...(row.aliases ?? [])]
    .filter((short) => short !== undefined)
    .map((short) => `-${short}, `)
  return `${shorts.join('')}--${row.name}${row.kind === 'flag' ? '' : ` ${row.value}`}`
}
