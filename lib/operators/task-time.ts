import { type Headers, NO_HEADERS, type OutRecord, type RawRecord } from '../record.ts'
import type { UpstreamTimes } from '../state/upstream-times.ts'

/** The last header of every record on a repartition topic: which task wrote it, and how far that task was. */
const TIME = 'millrace.time'

/** A record that says the time alone, to a partition that has got none: `repartitionRead` hands it to nobody. */
const MARKER = 'millrace.marker'

const IDLE = 'idle'

export function timeHeader(task: string, time: number, name = TIME): readonly [string, Buffer] {
  return [name, Buffer.from(`${task} ${time === Number.POSITIVE_INFINITY ? IDLE : time}`, 'latin1')]
}

/** `time` Infinity: the task has nothing to read, and need not be waited for. */
export function marker(topic: string, partition: number, task: string, time: number): OutRecord {
  const headers = [timeHeader(task, time, MARKER)]
  return {
    topic,
    partition,
    key: null,
    value: null,
    timestamp: Math.max(0, Number.isFinite(time) ? time : 0),
    headers,
  }
}

export function isMarker({ headers }: RawRecord): boolean {
  return headers.at(-1)?.[0] === MARKER
}

/** Notes what the last header says, and returns those before it: what the user's record had. */
export function told(headers: Headers, upstream: UpstreamTimes): Headers {
  const last = headers.at(-1)
  if (last === undefined || (last[0] !== TIME && last[0] !== MARKER)) return headers
  const said = last[1].toString('latin1')
  const gap = said.indexOf(' ')
  const time = said.slice(gap + 1)
  upstream.told(said.slice(0, gap), time === IDLE ? Number.POSITIVE_INFINITY : Number(time))
  return headers.length === 1 ? NO_HEADERS : headers.slice(0, -1)
}
