import { LARGEST_CONTENT, recordSize } from '../broker/record-size.ts'
import type { Headers, RawRecord } from '../record.ts'

type Content = Pick<RawRecord, 'key' | 'value' | 'headers'>

/** What a dead letter keeps of a record, and what is left out, in words. */
export interface Fitting extends Content {
  readonly omitted: readonly string[]
}

/** A name may be what is huge. */
const NAME_LENGTH = 100
const NOTHING = recordSize({ key: null, value: null, headers: [] })

/**
 * As much of a record as a topic of 1 MB takes; its largest parts are left out. A dead letter that could not be written
 * would hold up its partition for ever.
 */
export function fitting(record: Content): Fitting {
  let size = recordSize(record)
  if (size <= LARGEST_CONTENT) return { ...record, omitted: [] }
  const { key, value, headers } = record
  const left = new Set<Part['part']>()
  const omitted: string[] = []
  for (const { part, what, bytes } of partsOf(record)) {
    if (size <= LARGEST_CONTENT) break
    size -= bytes
    left.add(part)
    omitted.push(`${what} of ${bytes} bytes`)
  }
  return {
    key: left.has('key') ? null : key,
    value: left.has('value') ? null : value,
    headers: headers.filter((header) => !left.has(header)),
    omitted,
  }
}

interface Part {
  readonly part: 'key' | 'value' | Headers[number]
  readonly what: string
  readonly bytes: number
}

/** The largest first. */
function partsOf({ key, value, headers }: Content): Part[] {
  const parts: Part[] = [
    { part: 'value', what: 'value', bytes: value?.length ?? 0 },
    ...headers.map((header): Part => {
      const bytes = recordSize({ key: null, value: null, headers: [header] }) - NOTHING
      return { part: header, what: `header ${header[0].slice(0, NAME_LENGTH)}`, bytes }
    }),
    { part: 'key', what: 'key', bytes: key?.length ?? 0 },
  ]
  return parts.sort((a, b) => b.bytes - a.bytes)
}
