/** Removes user names and passwords from the URLs in a foreign text. */
export function hideUserInfo(text: string): string {
  return text.replace(/(:\/\/)[^\s"'<>]*@/g, '$1…@')
}
