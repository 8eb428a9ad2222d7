import { S3Client } from '@aws-sdk/client-s3'
import type { StoreName } from '../base/store-name.ts'

const connectionTimeoutMs = 10_000
/** Time without a byte in either direction; a server that joins the parts of a large file is silent meanwhile. */
const silenceTimeoutMs = 60_000
/** Region of servers that have none, and of a bucket whose region AWS answers with. */
const anyRegion = 'us-east-1'

/** Offset of this machine's clock, for tests. */
export interface StoreClientOptions {
  readonly clockOffsetMs?: number
}

/**
 * Returns a client for a bucket. The SDK finds the credentials: environment, profile, web identity, instance profile. It sends no checksums of its own
 * kind, which many servers refuse: the signature covers the SHA-256 of each request's body, and every server compares that.
 */
export async function openStoreClient(
  { endpoint, region, pathStyle }: StoreName,
  { clockOffsetMs = 0 }: StoreClientOptions = {},
): Promise<S3Client> {
  // The SDK warns on standard error of versions that it will need later; the bundled one is fixed.
  process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = 'true'
  const make = (chosen: string | undefined) =>
    new S3Client({
      ...(endpoint !== undefined && { endpoint }),
      ...(chosen !== undefined && { region: chosen }),
      forcePathStyle: pathStyle,
      followRegionRedirects: endpoint === undefined,
      requestChecksumCalculation: 'WHEN_REQUIRED',
      responseChecksumValidation: 'WHEN_REQUIRED',
      systemClockOffset: clockOffsetMs,
      requestHandler: { connectionTimeout: connectionTimeoutMs, socketTimeout: silenceTimeoutMs },
    })
  const client = make(region)
  try {
    await client.config.region()
    return client
  } catch {
    // Neither the environment nor a profile names a region.
    client.destroy()
    return make(anyRegion)
  }
}

/** Returns the URL that people know an object by. */
export function formatObjectUrl({ bucket }: Pick<StoreName, 'bucket'>, key: string): string {
  return `s3://${bucket}/${key}`
}
