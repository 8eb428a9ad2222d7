/** Exit codes of both programs (README, "Exit codes"). */
export const exitCodes = {
  done: 0,
  failed: 1,
  usage: 2,
  noSuchTarget: 3,
  cannotConnect: 4,
  notPermitted: 5,
  noCaptureProgram: 6,
  outputNotWritable: 7,
} as const

/** Every error code and the exit code it ends with. A gate sees to it that each has a test for its text, hints and exit code. */
export const exitCodeOf = {
  internal: exitCodes.failed,
  usage: exitCodes.usage,
  'bad-filter': exitCodes.usage,
  'unknown-interface': exitCodes.usage,
  'no-target': exitCodes.usage,
  'config-broken': exitCodes.usage,

  'context-not-found': exitCodes.noSuchTarget,
  'namespace-not-found': exitCodes.noSuchTarget,
  'pod-not-found': exitCodes.noSuchTarget,
  'container-not-found': exitCodes.noSuchTarget,
  'pod-not-running': exitCodes.noSuchTarget,
  'node-not-found': exitCodes.noSuchTarget,
  'pod-not-on-node': exitCodes.noSuchTarget,

  'kubeconfig-missing': exitCodes.cannotConnect,
  'kubeconfig-unreadable': exitCodes.cannotConnect,
  'kubeconfig-broken': exitCodes.cannotConnect,
  'kubeconfig-no-context': exitCodes.cannotConnect,
  'api-unreachable': exitCodes.cannotConnect,
  'api-certificate': exitCodes.cannotConnect,
  'api-unauthorized': exitCodes.cannotConnect,
  'api-failed': exitCodes.failed,
  'kubectl-missing': exitCodes.cannotConnect,
  'kubectl-failed': exitCodes.cannotConnect,
  'credential-plugin-missing': exitCodes.cannotConnect,
  'credential-plugin-failed': exitCodes.cannotConnect,
  'credential-plugin-slow': exitCodes.cannotConnect,
  'credential-plugin-login': exitCodes.cannotConnect,
  'ssh-unreachable': exitCodes.cannotConnect,
  'ssh-timeout': exitCodes.cannotConnect,
  'ssh-host-key-unknown': exitCodes.cannotConnect,
  'ssh-host-key-changed': exitCodes.cannotConnect,
  'ssh-key-unreadable': exitCodes.cannotConnect,
  'ssh-key-encrypted': exitCodes.cannotConnect,
  'ssh-login-refused': exitCodes.cannotConnect,
  'ssh-jump-failed': exitCodes.cannotConnect,
  'ssh-failed': exitCodes.cannotConnect,

  'api-forbidden': exitCodes.notPermitted,
  'admission-refused': exitCodes.notPermitted,
  'consent-missing': exitCodes.notPermitted,
  'capture-not-permitted': exitCodes.notPermitted,
  'sudo-password': exitCodes.notPermitted,

  'no-shell': exitCodes.noCaptureProgram,
  'no-capture-program': exitCodes.noCaptureProgram,
  'debug-container-failed': exitCodes.noCaptureProgram,
  'no-ephemeral-containers': exitCodes.noCaptureProgram,
  'windows-node': exitCodes.noCaptureProgram,
  'upload-failed': exitCodes.noCaptureProgram,

  'connection-lost': exitCodes.failed,
  'capture-program-failed': exitCodes.failed,
  'not-a-capture': exitCodes.failed,
  'corrupt-capture': exitCodes.failed,

  'output-exists': exitCodes.outputNotWritable,
  'output-in-use': exitCodes.outputNotWritable,
  'output-folder-missing': exitCodes.outputNotWritable,
  'output-not-writable': exitCodes.outputNotWritable,
  'output-full': exitCodes.outputNotWritable,
  'output-is-terminal': exitCodes.usage,

  'install-failed': exitCodes.failed,
} as const

export type ErrorCode = keyof typeof exitCodeOf
