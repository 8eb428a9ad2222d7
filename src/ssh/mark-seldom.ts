import { setFlagsFromString } from 'node:v8'

/**
 * V8 begins to mark the whole heap, on other threads, each time the buffers that were read into come to some 20 MB, though these die young and
 * the next collection of what is young frees them. Without, a capture by SSH at full rate takes 22 % less CPU, and less memory; what is left
 * is marked in one go, some 10 ms. Not for captures by exec: with many pods, whose packets wait for each other, it took 50 MiB more.
 */
export function markSeldom(): void {
  setFlagsFromString('--no-incremental-marking')
}
