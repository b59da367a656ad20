/** Prints how much longer the hot path takes than the same bytes in and out without it: each in its fastest round. */
import { fastest } from '../workload.ts'
import { HotPath } from './hot-path.ts'

const RECORDS = 1000
/** In one round, so that it lasts some milliseconds. */
const FETCHES = 10

const path = await HotPath.of(RECORDS)
const [whole, bare] = await fastest(times(path.run), times(path.runBare))
console.log((whole / bare).toFixed(2))

function times(run: () => Promise<void>): () => Promise<void> {
  return async () => {
    for (let fetch = 0; fetch < FETCHES; fetch++) await run.call(path)
  }
}
