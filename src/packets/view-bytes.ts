/** Returns a view of exactly these bytes. */
export function viewBytes(bytes: Buffer): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
}
