/** Name of an address, as a capture's readers show it. */
export interface AddressName {
  /** IPv4 or IPv6, in any of its text forms. */
  readonly address: string
  /** `orders-6c9f.prod` */
  readonly name: string
}
