import { version } from '../base/version.ts'
import type { Command } from '../request/command-table.ts'
import type { CommandOption, OptionGroup } from '../request/option-row.ts'
import { optionTable } from '../request/option-table.ts'

const title = `kcap ${version}: capture packets from Kubernetes pods and SSH hosts, live in Wireshark or into a file\n\n`

export const introExamples = `  kcap NAMESPACE/POD                       capture a pod into a file
  kcap NAMESPACE/POD --wireshark           show a pod's packets live in Wireshark
  kcap svc/SERVICE -n NAMESPACE            capture all pods of a service, also those that come later
  kcap deploy/X, 'NS/POD-*', -l app=X -A   capture all pods of a workload, a pattern or a selector
  kcap NAMESPACE/POD -o - | tshark -i -    pipe packets into another program
  kcap NAMESPACE/POD --via ephemeral       capture a pod without tcpdump from a debug container
  kcap node/NAME --via node-pod            capture a node's own network
  kcap --ssh-host HOST --port 443          capture a host by SSH
  kcap NAMESPACE/POD --ssh-host NODE       capture a pod by SSH to its node
  kcap local --iface eth0                  capture this machine
  kcap NAMESPACE/POD --serve               let others read the capture while it runs; prints a link
  kcap 'kcaps://…' --wireshark             read a capture that somebody shares, by its link
  kcap record start svc/SERVICE            record on the nodes, and read it later: see "kcap record --help"
  kcap                                     search for a pod to capture
  kcap demo                                capture a built-in demo cluster; needs only Node
  kcap list pods -n NAMESPACE              list pods, services, deployments, containers, contexts, …
  kcap install                             add kcap to Wireshark's interface list
  kcap url NAMESPACE/POD                   print a link that opens the capture of a pod
  kcap doctor                              check that Wireshark sees kcap, and what it will list
  kcap doctor NAMESPACE/POD                show the routes to a pod's packets, and what would open the others
  kcap completion bash|zsh|fish            complete options, pods, services and hosts in the shell
  kcap cleanup                             remove what killed captures left in the cluster
`

export const exitCodeHelp = `Exit codes: 0 done, 1 failed, 2 wrong usage, 3 no such target, 4 cannot connect or log in, 5 not permitted,
6 no capture program on the remote side, 7 output cannot be written.
`

const commandHelp: Record<Command, string> = {
  list: `kcap list [WHAT] [-n NAMESPACE | -A] [-l SELECTOR] [-o wide|json|yaml|name] [--no-headers]
kcap list interfaces TARGET

WHAT: pods (default), containers, services, deployments, statefulsets, daemonsets, replicasets, jobs, cronjobs,
nodes, namespaces, contexts, or kubectl's short names. Prints the columns of kubectl get, for the context's
namespace, or for all with -A. -o name prints targets: NAMESPACE/POD, svc/NAME, or NAMESPACE/svc/NAME with -A.

  kcap list pods -n prod -o wide
  kcap list svc -A
  kcap list pods -A -o name | fzf | xargs kcap
  kcap list interfaces prod/orders-6c9f
`,
  demo: `kcap demo [POD] [capture options]
kcap demo --serve [--rate N]

Starts a small Kubernetes API server on loopback, with pods and traffic, and captures from it as from any
cluster. Needs no cluster, no root, no tcpdump and no network.

  kcap demo -o demo.pcapng                 capture prod/orders-6c9f for ten seconds, or for --duration
  kcap demo --wireshark
  kcap demo svc/orders --port 8080

--serve keeps the cluster running until Ctrl-C and captures nothing. It prints a line that makes kcap, kubectl
and Wireshark in another terminal use the cluster, and removes its kubeconfig when it ends.

  kcap demo --serve                        prints: export KUBECONFIG=...
  kcap list pods                           in the other terminal, after that line
`,
  install: `kcap install [--folder DIR]
kcap install --k9s

Writes a launcher into the personal extcap folder of every installed Wireshark, which then lists your clusters and pods.
Registers the links kcap: and kcaps: with your desktop, which then ask before they open.

--k9s adds plugins to k9s instead: Shift-W on a pod, service or deployment shows its packets in Wireshark.
`,
  uninstall: `kcap uninstall [--folder DIR]
kcap uninstall --k9s

Removes what kcap install wrote, and nothing else; with --k9s only the plugins of k9s.
`,
  url: `kcap url TARGET... [-n NAMESPACE] [--context NAME] [--port N]

Prints a link for runbooks, dashboards and chat. It names context, namespace, target and ports, and nothing else. A click
on it asks, and then shows the packets in Wireshark, after "kcap install" on that machine.

  kcap url prod/orders-6c9f                prints kcap:CONTEXT/prod/orders-6c9f
  kcap url svc/orders -n prod --port 8080  prints kcap:CONTEXT/prod/svc/orders?port=8080
`,
  open: `kcap open [--dialog] URL

Asks whether to capture what a link names, on the terminal or in a dialog, and then shows it in Wireshark. A link can set
the target and its ports, and no option. The context must be in your own kubeconfig.

  kcap open 'kcap:CONTEXT/NAMESPACE/POD'
  kcap open 'kcap:CONTEXT/NAMESPACE/svc/NAME?port=8080'
  kcap open 'kcap:CONTEXT/node/NAME'
  kcap open 'kcaps://HOST:PORT/TOKEN#sha256:HEX'
`,
  doctor: `kcap doctor [TARGET] [-o json]

Checks in six lines whether Wireshark sees kcap: the Wireshark that looks for it, the launcher, its Node, the
config, the programs that log in, and the interface list with the time it takes. Exits with 1 when something is
wrong.

  kcap doctor NAMESPACE/POD                check permissions, pod security, tools and clock: the routes to the pod's
                                           packets, why others are closed, and the Role that opens them; exits with 6
                                           when no route is open
  kcap doctor NAMESPACE/POD --try-image    also start the debug image on the pod's node, once
  kcap doctor --record -n NAMESPACE        check the rights and the pod security level that records need
`,
  record: `kcap record start TARGET... [--keep SIZE] [--for TIME] [--yes] [capture options]
kcap record list [-n NS | -A]
kcap record attach NAME [output options]
kcap record fetch NAME [--last TIME | --from TIME --to TIME] [output options]
kcap record stop NAME...

Records on the nodes of the cluster, in files that each keep the newest packets, until "stop" or the end of --for.
The record goes on when this machine is gone, and its packets pass the API server only when somebody reads them.

  kcap record start svc/orders -n prod --keep 500MB --for 24h
  kcap record start svc/orders -n prod --dry-run      print what it would create
  kcap record list -A                                 records, their nodes, and nodes that lack a recorder
  kcap record attach orders-7f3a --wireshark          the packets from now on, of all nodes
  kcap record fetch orders-7f3a --last 10m -o before-the-alert.pcapng
  kcap record stop orders-7f3a                        delete the record, with its packets
  kcap doctor --record -n prod                        which rights it needs, and which are missing
`,
  cleanup: `kcap cleanup [-n NS | -A] [--dry-run] [--force]

Removes leftovers of killed captures: node pods, capture programs without a supervisor, and uploaded programs.
Takes only what has kcap's own label or tag and is not in use; --force also removes node pods that may be in use.
Names debug containers that have ended, which Kubernetes cannot remove from a pod.
`,
  config: `kcap config [path|show|init]

  kcap config init      write a commented config file
  kcap config show      print the settings in force, defaults included
  kcap config path      print where the config file is; KCAP_CONFIG names another
`,
  completion: `kcap completion bash|zsh|fish

Prints a script that completes commands, options and their values, contexts, namespaces, pods, services,
workloads, nodes and SSH hosts. Never waits for a cluster: completes from its last answer and refreshes it in
the background.

  kcap completion bash > ~/.local/share/bash-completion/completions/kcap
  kcap completion zsh > ~/.zfunc/_kcap     needs fpath+=~/.zfunc in ~/.zshrc, before its compinit
  kcap completion fish > ~/.config/fish/completions/kcap.fish

Without the package bash-completion: source <(kcap completion bash) in ~/.bashrc. kubectl 1.26 and newer completes
"kubectl kcap" by the program kubectl_complete-kcap, which is installed with kcap; with krew, link it first:
  ln -s ~/.krew/store/kcap/*/kubectl_complete-kcap ~/.krew/bin/
`,
}

/** Returns the complete help, or that of a command. */
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
