/** Filter that libpcap would refuse, with libpcap's own message. */
export class FilterError extends Error {}

/** Signal that only libpcap can judge the filter; parsing stops. */
export class FilterDoubt extends Error {}

export function syntaxError(): FilterError {
  return new FilterError("can't parse filter expression: syntax error")
}
