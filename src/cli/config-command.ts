import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { exitCodes } from '../base/error-codes.ts'
import { KcapError } from '../base/kcap-error.ts'
import { printableJson } from '../base/printable.ts'
import { quote } from '../base/quote.ts'
import { makeFolder } from '../host/make-folder.ts'
import { parseArguments } from '../request/parse-arguments.ts'
import { refuseSurplusWords } from '../request/surplus-words.ts'
import { findConfigFile } from '../settings/config-file.ts'
import { loadSettings } from '../settings/load-settings.ts'
import { releaseImage } from '../settings/release-image.ts'
import { defaultMaxPods, defaultNamedMaxPods } from '../settings/settings.ts'

const template = `# kcap's config. Lines that begin with # show the defaults, or examples.

# Wireshark's interface list.
#list:
#  contexts: [prod, "staging-*"]   # default: the current context
#  namespaces: [shop, payments]    # default: all that you may list
#  selector: app=orders            # default: all running pods
#  maxPods: ${defaultMaxPods}                     # pods and workloads listed in all; ${defaultNamedMaxPods} with namespaces or a selector

# SSH hosts with an interface of their own: an alias of your ssh config, or [USER@]HOST[:PORT].
#sshHosts: [bastion, root@10.0.0.10]

# How to reach the nodes of clusters by SSH, for kcap node/NAME and --via ssh. {address} stands for a node's address.
#nodeSsh:
#  host: "{node}.example.com"
#  user: root
#  jumpHost: bastion
#  sudo: none

# Target where the command line names none and nobody can be asked.
#defaultTarget: svc/orders

# Profiles: kcap @orders-prod stands for these words. Use a list where a word has a space.
#profiles:
#  orders-prod: svc/orders -n prod --port 8080 --duration 60
#  slow-dns: [deploy/web, -n, prod, --filter, "udp port 53"]

# Folders of credential plugins and kubectl, for a Wireshark that a desktop starts with a short PATH; and the kubeconfig where
# KUBECONFIG names none.
#path: [/opt/homebrew/bin, ~/google-cloud-sdk/bin]
#kubeconfig: ~/.kube/work

# What kcap may create in clusters without asking, where a pod cannot be captured from inside.
#consent: [ephemeral, node-pod]

# Debug containers and node pods; the image is that of recorders too.
#debug:
#  image: ${releaseImage}   # with sh, tcpdump, grep, sleep, nsenter; kcap for recorders
#  pullPolicy: IfNotPresent
#  pullSecret: registry-login
#  namespace: kube-system          # of node pods; default: that of the captured pod
#  memory: 256Mi                  # memory request and limit of node pods; default: 64Mi, 256Mi
#  cpu: 100m                      # CPU request and limit; default: 50m, no limit
#  privileged: false
`

/**
 * Runs `kcap config path|show|init`.
 * @throws {KcapError} usage — when the word is none of these
 * @throws {KcapError} output-not-writable — when the config file cannot be created
 */
export async function config(argv: readonly string[]): Promise<number> {
  const { words } = parseArguments(argv)
  const [what = 'show'] = words
  refuseSurplusWords('config', words, 1)
  const file = findConfigFile()
  if (what === 'path') say(file)
  else if (what === 'show') say(printableJson(await loadSettings(), 2))
  else if (what === 'init') writeTemplate(file)
  else
    throw new KcapError('usage', `cannot run "kcap config ${what}": must be one of: path, show, init`, {
      hints: ['kcap config show'],
    })
  return exitCodes.done
}

function writeTemplate(file: string): void {
  try {
    makeFolder(path.dirname(file))
    writeFileSync(file, template, { flag: 'wx', mode: 0o600 })
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    const state = code === 'EEXIST' ? 'file exists' : code === 'EACCES' ? 'permission denied' : message
    throw new KcapError('output-not-writable', `cannot write the config file "${file}": ${state}`, {
      hints: [`"\${EDITOR:-vi}" ${quote(file)}`],
      cause: error,
    })
  }
  say(`wrote ${file}`)
}

function say(text: string): void {
  process.stdout.write(`${text}\n`)
}
