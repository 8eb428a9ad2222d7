/** Option of kcap. The option table feeds parsing, help, the man page, completion and Wireshark's dialog. */
export interface OptionRow {
  /** Long name without dashes. */
  readonly name: string
  readonly short?: string
  readonly aliases?: readonly string[]
  readonly kind: 'text' | 'flag' | 'list'
  /** Name of its value in the help. */
  readonly value?: string
  readonly choices?: readonly string[]
  /** Value of the option without one, and what a word after it looks like that is its value. */
  readonly bare?: { readonly value: string; readonly followedBy: RegExp }
  /** Words that a shell offers for its value, unless there are a few fixed choices. */
  readonly offers?: OfferedWords
  readonly help: string
  /** Whether its value names something to capture. */
  readonly namesTarget?: true
  readonly group: OptionGroup
  /** Argument in Wireshark's dialog; absent if it is not offered there. */
  readonly dialog?: DialogArgument
}

/** Option of a single command. */
export type CommandOption = Omit<OptionRow, 'group' | 'dialog'>

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
  /**
   * Type as in Wireshark's doc/extcap.4. `editselector` is missing, because Wireshark 4.0 registers no preference for it and would forget the choice.
   */
  readonly type: 'string' | 'unsigned' | 'selector' | 'fileselect' | 'boolflag'
  readonly display: string
  /** Label in the dialogs of pods. */
  readonly displayBesidePod?: string
  /** Changes to the argument if the interface is a workload. */
  readonly ofWorkload?: Pick<DialogArgument, 'display' | 'tooltip' | 'reload' | 'unchosen'>
  /** Sentence for whoever sees only this field; help lines lean on their neighbours. */
  readonly tooltip: string
  /** Labels of a `selector`'s choices; absent means the option's values. */
  readonly choices?: Readonly<Record<string, string>>
  /** Regular expression for what Wireshark accepts while typing. It has no braces, which Wireshark's grammar reserves. */
  readonly validation?: string
  /** Label of a `selector`'s button, which loads the list from the cluster or the host. */
  readonly reload?: string
  /** Entry of such a list when nothing is chosen; it has no value. */
  readonly unchosen?: string
  /** Entries of such a list before it is loaded. */
  readonly entries?: readonly string[]
  /** Interfaces that have the argument; absent means all. */
  readonly on?: readonly ('pod' | 'workload' | 'cluster' | 'ssh' | 'demo')[]
  readonly placeholder?: string
}
