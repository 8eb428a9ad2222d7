/** Words of other link types than Ethernet and Linux cooked, by what libpcap says of them there. */
const refusals: readonly (readonly [words: string, makeMessage: (word: string) => string])[] = [
  ['type subtype', () => '802.11 link-layer types supported only on 802.11'],
  ['direction dir', () => 'frame direction supported only with 802.11 headers'],
  ['addr1 addr2 addr3 addr4', (word) => supported(word, word.replace('addr', 'address'))],
  ['address1 address2 address3 address4', (word) => supported(word.replace('address', 'addr'), word)],
  ['ra ta', (word) => `'${word}' is only supported on 802.11 with 802.11 headers`],
  ['lane metac bcc sc ilmic oam oamf4 connectmsg metaconnect vpi vci', (word) => `'${word}' supported only on raw ATM`],
  ['oamf4ec oamf4sc', (word) => `'${word.replace('f', '')}' supported only on raw ATM`],
  ['fisu lssu msu', (word) => `'${word}' supported only on MTP2`],
  ['hfisu hlssu hmsu', (word) => `'${word}' supported only on MTP2_HSL`],
  ['sio opc dpc sls hsio hopc hdpc hsls', (word) => `'${word.replace(/^h/, '')}' supported only on SS7`],
  ['on ifname', () => 'ifname supported only on PF linktype'],
  ['rset ruleset', () => 'ruleset supported only on PF linktype'],
  ['rnr rulenum', () => 'rnr supported only on PF linktype'],
  ['srnr subrulenum', () => 'srnr supported only on PF linktype'],
  ['reason action', (word) => `${word} supported only on PF linktype`],
]

/** Terms of 802.11, which may stand behind a protocol. */
export const wirelessWords: readonly string[] =
  'type subtype direction dir addr1 addr2 addr3 addr4 address1 address2 address3 address4 ra ta'.split(' ')

/** Returns what libpcap says of a word of other link types; undefined for any other word. */
export function findForeignRefusal(word: string): string | undefined {
  return refusals.find(([words]) => words.split(' ').includes(word))?.[1](word)
}

function supported(short: string, long: string): string {
  return `'${short}' and '${long}' are only supported on 802.11 with 802.11 headers`
}
