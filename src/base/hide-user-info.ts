/** Takes user names and passwords out of the URLs in a text that somebody else wrote. */
export function hideUserInfo(text: string): string {
  return text.replace(/(:\/\/)[^\s"'<>]*@/g, '$1…@')
}
