import type { Headers, OutRecord } from '../../../lib/record.ts'
import { canonical } from './canonical.ts'
import type { InputRecord, Json, Output, ScenarioHeaders } from './scenario.ts'

/** A scenario's record as a broker has it: the key as UTF-8 text, the value as canonical JSON, a tombstone as null. */
export function inputBytes({ topic, key, value, timestamp, headers = {} }: InputRecord): OutRecord {
  return {
    topic,
    key: key === null ? null : Buffer.from(key),
    value: value === null ? null : Buffer.from(canonical(value)),
    timestamp,
    headers: headersOf(headers),
  }
}

type Bytes = Pick<OutRecord, 'topic' | 'key' | 'value' | 'timestamp' | 'headers'>

/** What came out after the input of that index; keys are text. */
export function outputOf(after: number, { topic, key, value, timestamp, headers }: Bytes): Output {
  const record = { after, topic, key: key === null ? null : String(key), value: jsonOf(value), timestamp }
  return headers.length === 0 ? record : { ...record, headers: scenarioHeaders(headers) }
}

function jsonOf(bytes: Buffer | null): Json {
  return bytes === null ? null : (JSON.parse(String(bytes)) as Json)
}

export function headersOf(headers: ScenarioHeaders): Headers {
  return Object.entries(headers).flatMap(([name, values]) =>
    [values].flat().map((value) => [name, Buffer.from(value)] as const),
  )
}

/** A name that occurs more than once has an array. */
export function scenarioHeaders(headers: Headers): ScenarioHeaders {
  const byName = Map.groupBy(headers, ([name]) => name)
  return Object.fromEntries(
    [...byName].map(([name, found]) => {
      const values = found.map(([, value]) => String(value))
      return [name, values.length === 1 ? values[0]! : values]
    }),
  )
}
