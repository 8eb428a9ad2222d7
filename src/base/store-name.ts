/** Object storage that gets the files of the output as they are complete. The SDK finds the credentials. */
export interface StoreName {
  readonly bucket: string
  /** Beginning of the keys: '' or a text that ends with a slash. */
  readonly prefix: string
  /** URL of the server; undefined: the environment's, else AWS. */
  readonly endpoint?: string | undefined
  readonly region?: string | undefined
  /** Whether the bucket is in the path of the URLs, not in their host name. */
  readonly pathStyle: boolean
}
