import type { IncomingMessage, ServerResponse } from 'node:http'
import type { User } from './authorize.ts'
import type { ResourcePath } from './resource-path.ts'

/** Request of a known user. */
export interface ApiRequest {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly method: string
  readonly url: URL
  /** Resource path; undefined if the URL has none. */
  readonly path: ResourcePath | undefined
  readonly user: User
}

/** Answers a request that belongs to it and returns true, or returns false to pass it on. */
export type RequestHandler = (request: ApiRequest) => Promise<boolean>

export async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk)
  return Buffer.concat(chunks)
}
