import yaml from 'js-yaml'

// Tested by test/record/record-objects.test.ts.

/** Formats objects as one stream of YAML, as `kubectl apply -f -` reads it. */
export function formatYaml(objects: readonly object[]): string {
  return objects.map((object) => yaml.dump(object, { noRefs: true, lineWidth: -1 })).join('---\n')
}
