import { setFlagsFromString } from 'node:v8'

/**
 * V8 begins to mark the whole heap, on other threads, each time the buffers that were read into come to some 20 MB, though these die young and
 * the next collection of what is young frees them. Without: 22 % less CPU by SSH at full rate, and a lower peak. What is left is marked
 * in one go, some 10 ms for the heap of a capture.
 */
export function markSeldom(): void {
  setFlagsFromString('--no-incremental-marking')
}
