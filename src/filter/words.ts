/** Types of ids that take no direction. */
export const typesWithoutDirection: readonly string[] = ['proto', 'protochain', 'gateway']
/** Terms that shift where everything to their right looks. Parentheses do not end that; `lane` belongs to ATM. */
export const shiftingWords: readonly string[] = ['vlan', 'mpls', 'pppoes', 'geneve', 'vxlan', 'lane']
/** Type behind `llc` that is also a word of another filter. */
export const llcTypeWords: readonly string[] = ['rnr']
