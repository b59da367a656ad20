import {
  count,
  json,
  keyBy,
  sink,
  topic,
  topology,
  toStream,
  tumbling,
  window,
  windowedKey,
} from '../../../lib/index.ts'

const { COUNT_STEP = 'visits-per-page', PARTITIONS = '2' } = process.env

/** A topology of which single things are said otherwise, by variables: as another version of its code would. */
export default topology('planned-visits', ({ source }) => {
  const partitions = Number(PARTITIONS)
  source('visits', topic('planned.in', { value: json<{ page: string }>(), partitions })).pipe(
    keyBy('page', ({ page }) => page),
    window('per-minute', tumbling('1m', { grace: '30s' })),
    count(COUNT_STEP),
    toStream('updates'),
    sink(
      'counts',
      topic('planned.counts', { key: windowedKey(), value: json<number | null>(), partitions: 2 }),
    ),
  )
})
