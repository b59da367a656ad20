import { json, map, sink, topic, topology } from '../../../lib/index.ts'

/** A topology whose results say which record they are of. */
export default topology('numbers', ({ source }) => {
  source('in', topic('numbers.in', { value: json<number>(), partitions: 2 })).pipe(
    map('double', (n) => 2 * n),
    sink('out', topic('numbers.out', { value: json<number>(), partitions: 1 })),
  )
})
