import type { StoreName } from '../base/store-name.ts'
import type { StoredFile } from './index-object.ts'
import { type ListStoredOptions, listStored, type StoredList } from './list-stored.ts'
import { type ReadStoredOptions, readStored } from './read-stored.ts'
import { openStoreClient, type StoreClientOptions } from './store-client.ts'

/** Reader of the files that captures have stored. */
export interface StoreReader {
  /**
   * Lists the files below the prefix, by a time range.
   * @throws {KcapError} store-* — when the store refuses a request, or is away
   */
  list(options: ListStoredOptions): Promise<StoredList>
  /**
   * Yields the bytes of a file, and continues after a broken connection.
   * @throws {KcapError} store-* — when the store refuses the request, stays away, or has another content
   */
  read(file: Pick<StoredFile, 'key' | 'bytes' | 'sha256'>, options: ReadStoredOptions): AsyncGenerator<Buffer>
  /** Closes the connections. */
  close(): void
}

/** Opens a store for reading. Needs the rights s3:ListBucket and s3:GetObject. */
export async function openStoreReader(store: StoreName, options: StoreClientOptions = {}): Promise<StoreReader> {
  const client = await openStoreClient(store, options)
  return {
    list: (listOptions) => listStored(client, store, listOptions),
    read: (file, readOptions) => readStored(client, store, file, readOptions),
    close: () => client.destroy(),
  }
}
