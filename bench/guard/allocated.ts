/**
 * Prints how many bytes the hot path allocates for a record. Run it with --single-threaded: compilers
 * then are where they are after so many rounds, every time.
 */
import { getHeapStatistics, type HeapInfo } from 'node:v8'
import { HotPath } from './hot-path.ts'

const RECORDS = 1000
const ROUNDS = 20
/** Until everything hot is compiled. */
const WARM_UP = 300

const path = await HotPath.of(RECORDS)
for (let round = 0; round < WARM_UP; round++) await path.run()
const before = allocated()
for (let round = 0; round < ROUNDS; round++) await path.run()
console.log(((allocated() - before) / ROUNDS / RECORDS).toFixed(1))

/** Node 26 says it, its types do not yet. */
function allocated(): number {
  return (getHeapStatistics() as HeapInfo & { total_allocated_bytes: number }).total_allocated_bytes
}
