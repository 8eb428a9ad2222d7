/** One option of kcap. This table feeds parsing, help, the man page, completion and Wireshark's dialog. */
export interface OptionRow {
  /** Long name without dashes. */
  readonly name: string
  readonly short?: string
  readonly aliases?: readonly string[]
  readonly kind: 'text' | 'flag' | 'list'
  /** How help calls its value. */
  readonly value?: string
  readonly choices?: readonly string[]
  /** What a shell offers for its value, where that is no choice of few. */
  readonly offers?: OfferedWords
  readonly help: string
  /** Its value says what to capture. */
  readonly namesTarget?: true
  readonly group: OptionGroup
  /** Its argument in Wireshark's dialog; absent: not offered there. */
  readonly dialog?: DialogArgument
}

export type OfferedWords =
  | 'files'
  | 'folders'
  | 'contexts'
  | 'namespaces'
  | 'pods'
  | 'services'
  | 'workloads'
  | 'nodes'
  | 'targets'
  | 'ssh-hosts'

export type OptionGroup = 'Target' | 'Capture' | 'Limits' | 'Output' | 'SSH' | 'Reporting'

export interface DialogArgument {
  /** Wireshark's, doc/extcap.4. No `editselector`: Wireshark 4.0 registers no preference for it, so that it would forget what was chosen. */
  readonly type: 'string' | 'unsigned' | 'selector' | 'fileselect' | 'boolflag'
  readonly display: string
  /** The same beside a pod. */
  readonly displayBesidePod?: string
  /** What the argument is for where the interface is a workload. */
  readonly ofWorkload?: Pick<DialogArgument, 'display' | 'tooltip' | 'reload' | 'unchosen'>
  /** A sentence for whoever sees only this field; help lines lean on their neighbours. */
  readonly tooltip: string
  /** What each choice of a `selector` is called; absent: as the option's value. */
  readonly choices?: Readonly<Record<string, string>>
  /** What Wireshark lets be typed, as a regular expression without braces, which its grammar has for itself. */
  readonly validation?: string
  /** For a `selector`: what its button says, which fills the list from the cluster or the host. */
  readonly reload?: string
  /** For such a list: what stands there when nothing is chosen; the value then is none. */
  readonly unchosen?: string
  /** For such a list: what it has before it is loaded. */
  readonly entries?: readonly string[]
  /** Interfaces that have it; absent: all. */
  readonly on?: readonly ('pod' | 'workload' | 'cluster' | 'ssh' | 'demo')[]
  readonly placeholder?: string
}
