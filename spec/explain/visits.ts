import {
  count,
  filter,
  json,
  keyBy,
  map,
  sink,
  topic,
  topology,
  toStream,
  tumbling,
  validate,
  window,
  windowedKey,
} from '../../lib/index.ts'

interface Visit {
  readonly page: string
  readonly seconds: number
}

/** One step of each kind that can be the end of a record. */
export default topology('visits', ({ source }) => {
  const visits = source('visits', topic('visits.in', { value: json<Visit>(), partitions: 1 }))
  visits.pipe(
    validate('timed', ({ seconds }) => (seconds < 0 ? 'negative seconds' : undefined)),
    filter('long', ({ seconds }) => seconds >= 10),
    map('lined', (visit, at) => ({ ...visit, source: `${at.topic}/${at.partition}/${at.offset}` })),
    sink('out', topic('visits.out', { value: json<Visit & { source: string }>(), partitions: 1 })),
  )
  visits.pipe(
    keyBy('page', ({ page }) => page),
    window('per-minute', tumbling('1m', { grace: '30s' }), { emit: 'close' }),
    count('visits-per-page'),
    toStream('updates'),
    sink(
      'counts',
      topic('visits.counts', { key: windowedKey(), value: json<number | null>(), partitions: 1 }),
    ),
  )
})
