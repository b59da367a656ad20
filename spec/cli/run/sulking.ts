import { json, map, sink, topic, topology } from '../../../lib/index.ts'
import type { Visit } from '../../support/visits.ts'

const visits = topic('visits', { value: json<Visit>(), partitions: 4 })

/** Fails at the first visit from Spain. */
export default topology('sulking', ({ source }) => {
  source('visits', visits).pipe(
    map(
      'without-spain',
      (visit) => {
        if (visit.country === 'es') throw new Error('no visits from there')
        return visit
      },
      { onError: 'fail' },
    ),
    sink('out', topic('others', { value: json<Visit>(), partitions: 4 })),
  )
})
