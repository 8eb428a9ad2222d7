import type { IncomingMessage, ServerResponse } from 'node:http'
import type { User } from './authorize.ts'
import type { ResourcePath } from './resource-path.ts'

/** A request of a known user. */
export interface ApiRequest {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly method: string
  readonly url: URL
  /** Undefined: not the path of a resource. */
  readonly path: ResourcePath | undefined
  readonly user: User
}

/** Answers what is its own and returns true, or returns false and leaves the request to others. */
export type RequestHandler = (request: ApiRequest) => Promise<boolean>

export async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk)
  return Buffer.concat(chunks)
}
