import type { ErrorCode } from '../base/error-codes.ts'

const refresh = 'press F5 to refresh the interface list'
const logIn = 'log in to the cluster in a terminal, then start the capture again'
const again = 'start the capture again'
const correctKubeconfig = 'correct the kubeconfig, then press F5'
const checkProxy = 'check the proxy in the kubeconfig or in the environment that Wireshark was started with'
const installed = 'another container of the pod may have it: {container}'
const debugRoute = 'choose "ephemeral" or "node-pod" in {via}: each creates something in the cluster'
const otherUser = 'log in as root or become root: {ssh-user}, {sudo}'
const fileSystem = 'choose another temporary folder in the preferences of Wireshark'

/**
 * Advice for each failure in Wireshark. `{option}` stands for that option's field in the interface's dialog; lines are left out if the dialog has no
 * such field.
 */
export const dialogAdvice: Readonly<Record<ErrorCode, readonly string[]>> = {
  internal: ['this is a fault in kcap; a report helps most with what {log-file} has'],
  usage: ['the gear icon of the interface opens its options'],
  'bad-filter': ['correct {filter}, or the capture filter in the main window'],
  'unknown-interface': ['choose another in {iface}; "Load interfaces" lists them'],
  // Its own hints already refer to the dialog.
  'no-target': [],
  'config-broken': ['correct the file, then press F5'],

  'context-not-found': [refresh],
  'namespace-not-found': ['choose another in {namespace}', refresh],
  'pod-not-found': ['choose another in {target}', refresh],
  'container-not-found': ['choose another in {container}; "Load containers" lists them', refresh],
  'pod-not-running': ['choose another in {target}', refresh],
  'node-not-found': [refresh],
  'record-not-found': [refresh],
  'pod-not-on-node': ['name the node of the pod in {ssh-host}', again],

  'kubeconfig-missing': ['create ~/.kube/config, then press F5'],
  'kubeconfig-unreadable': [correctKubeconfig],
  'kubeconfig-broken': [correctKubeconfig],
  'kubeconfig-no-context': [correctKubeconfig],
  'api-unreachable': ['check the network and the VPN, then press F5'],
  'api-certificate': [correctKubeconfig],
  'api-unauthorized': [logIn],
  'api-failed': [again],
  'proxy-unreachable': [checkProxy],
  'proxy-login-refused': [checkProxy],
  'proxy-failed': [checkProxy],
  'auth-provider-failed': [logIn],
  'kubectl-missing': ['install kubectl, or choose "exec" in {via}'],
  'kubectl-failed': ['choose "exec" in {via}', again],
  'credential-plugin-missing': ['install the program, then press F5'],
  'credential-plugin-not-allowed': [correctKubeconfig],
  'credential-plugin-failed': [logIn],
  'credential-plugin-slow': [logIn],
  'credential-plugin-login': [logIn],
  'ssh-unreachable': ['check {ssh-host} and {ssh-port}', 'a host behind another one: {jump-host}'],
  'ssh-timeout': ['check {ssh-host} and {ssh-port}', 'a host behind another one: {jump-host}'],
  'ssh-host-key-unknown': ['trust it by {accept-new-host-key}, or log in once in a terminal'],
  'ssh-host-key-changed': ['ask who runs the host whether its key has changed'],
  'ssh-key-unreadable': ['choose another file in {identity}'],
  'ssh-key-encrypted': ['add the key to your ssh agent, then start Wireshark again'],
  'ssh-login-refused': ['check {ssh-user} and {identity}, or fill in the password on the SSH tab'],
  'stream-unreachable': ['ask whether the capture is still shared', 'check {link}'],
  'stream-certificate': ['ask for a new link, in a channel that you trust'],
  'stream-refused': ['ask for the link of the capture that runs now'],
  'ssh-jump-failed': ['check {jump-host}'],
  'ssh-failed': ['choose the other client in {ssh-client}', again],

  'api-forbidden': ['ask the administrators of the cluster for the right', debugRoute],
  'admission-refused': ['ask the administrators of the cluster', 'choose another route in {via}'],
  'consent-missing': [debugRoute],
  'capture-not-permitted': [otherUser, 'another container of the pod may run as root: {container}', debugRoute],
  'sudo-password': ['fill in the password for sudo on the SSH tab, or log in as root: {ssh-user}'],

  'no-shell': ['the account may be limited to a command of its own: {ssh-user}', debugRoute],
  'no-capture-program': ['install tcpdump on the host, then try again: {ssh-user}', installed, debugRoute],
  'debug-container-failed': ['check {debug-image}', 'choose another route in {via}'],
  'no-ephemeral-containers': ['choose "node-pod" in {via}'],
  'windows-node': ['pods of Windows nodes cannot be captured'],
  'upload-failed': [debugRoute],

  'connection-lost': [again],
  'capture-program-failed': ['{log-file} shows the command that was run'],
  'not-a-capture': ['{log-file} shows the command that was run'],
  'corrupt-capture': ['the packets before it are there', again],

  'output-exists': [fileSystem],
  'output-in-use': [fileSystem],
  'output-folder-missing': [fileSystem],
  'output-not-writable': [fileSystem],
  'output-full': [fileSystem],
  'output-is-terminal': [fileSystem],
  // The dialog shares nothing, and stores nothing.
  'share-failed': [],
  'store-bucket-missing': [],
  'store-object-missing': [],
  'store-unreachable': [],
  'store-certificate': [],
  'store-unauthorized': [],
  'store-clock': [],
  'store-forbidden': [],
  'store-failed': [],
  'store-incomplete': [],

  'install-failed': ['install kcap into Wireshark again, in a terminal'],
}
