import { type ReviewSpec, readJsonSpec } from '../../../src/demo/api/access-review.ts'
import { readFields, readProtobufObject } from './read-protobuf.ts'

/** Reads JSON, or the protobuf that kubectl sends since 1.32. */
export function readReviewSpec(body: Buffer): ReviewSpec | undefined {
  const review = readProtobufObject(body)
  return review === undefined ? readJsonSpec(body) : readProtobufSpec(review.get(2))
}

/** Field numbers of k8s.io/api/authorization/v1/generated.proto. */
function readProtobufSpec(spec: Buffer | undefined): ReviewSpec {
  const attributes = spec === undefined ? undefined : readFields(spec).get(1)
  if (attributes === undefined) return {}
  const fields = readFields(attributes)
  const text = (field: number) => fields.get(field)?.toString('utf8') ?? ''
  return {
    resourceAttributes: {
      namespace: text(1),
      verb: text(2),
      group: text(3),
      resource: text(5),
      subresource: text(6),
      name: text(7),
    },
  }
}
