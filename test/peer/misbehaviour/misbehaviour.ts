/** Misbehaviour of the peer cluster; every omitted field behaves. */
export interface Misbehaviour {
  /**
   * `refused`: nothing listens on the port. `silent`: connections are accepted and never answered, not even with TLS.
   * For the whole cluster only.
   */
  readonly connections?: 'refused' | 'silent'
  /** Instead of the right answer to a request or exec upgrade: this status, HTML, bytes that are no HTTP, none ever, or a cut connection. */
  readonly answer?: 401 | 403 | 404 | 429 | 500 | 503 | 504 | 'html' | 'garbage' | 'never' | 'cut'
  /** Before each answer. */
  readonly delayMs?: number

  /** A ValidatingAdmissionPolicy refuses exec with this message, for the whole cluster or by the pod's name, whether it exists or not. */
  readonly execPolicy?: string
  /** State of the kubelet on the pod's node: `away` during a restart; `new` just after it, when the kubelet does not know its pods yet. */
  readonly kubelet?: 'away' | 'new'

  /** The connection of an exec is cut, without a close frame, after this many bytes of stdout. */
  readonly cutAfterBytes?: number
  /** After this many bytes of stdout nothing is sent any more and nothing that arrives is heeded; pongs go on. */
  readonly stallAfterBytes?: number
  /** Pings are not answered. */
  readonly noPongs?: boolean
  /** The exec is closed in good order but without the Status on the error channel. */
  readonly endWithoutStatus?: boolean
  /** Text on stdout before the pcap header. */
  readonly textBeforeCapture?: string
  /**
   * `huge-record`: after `badAfterPackets` a record says it has 300 MB. `truncated`: the stream ends in the middle of a record, exit code 0.
   * `not-pcap`: text instead of a capture.
   */
  readonly stream?: 'huge-record' | 'truncated' | 'not-pcap'
  /** Packets before `stream` or `exitCode` takes effect; default 5. */
  readonly badAfterPackets?: number
  /** The capture program ends by itself with this code after `badAfterPackets` packets. */
  readonly exitCode?: number
  /** `q` on stdin and its end are not heeded. */
  readonly ignoreStop?: boolean
  /** Bytes of noise on stderr before the capture starts. */
  readonly stderrBytes?: number
  /** Text on stderr before the capture starts. */
  readonly stderrText?: string

  /** Rate of generated packets, instead of the cluster's own; 0 is a quiet pod, Infinity as fast as they are read. */
  readonly packetsPerSecond?: number
  /** Added to the time of each packet: a node with a wrong clock. */
  readonly clockOffsetMs?: number
}

/** Settings for everything and for single pods (`NAMESPACE/NAME`); a pod's own win. */
export interface MisbehaviourBook {
  /** Replaces what was set for the pod, or for the cluster; `{}` behaves again. */
  set(settings: Misbehaviour, pod: string | undefined): void
  of(pod: string | undefined): Misbehaviour
}

export function makeMisbehaviourBook(initial: Misbehaviour): MisbehaviourBook {
  let general = initial
  const byPod = new Map<string, Misbehaviour>()
  return {
    set(settings, pod) {
      if (pod === undefined) general = settings
      else byPod.set(pod, settings)
    },
    of: (pod) => (pod === undefined ? general : { ...general, ...byPod.get(pod) }),
  }
}
