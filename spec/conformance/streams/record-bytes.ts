import type { Headers, OutRecord } from '../../../lib/record.ts'
import type { Format } from '../../../lib/topology/topic.ts'
import { canonical } from './canonical.ts'
import type { InputRecord, Json, Key, Output, ScenarioHeaders } from './scenario.ts'

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

/** What came out after the input of that index, read as its topic says. */
export function decodedOutput(
  after: number,
  { topic, key, value, timestamp, headers }: Bytes,
  keys: Format<unknown>,
  values: Format<unknown>,
): Output {
  const record = {
    after,
    topic,
    key: decoded(keys, key) as Key,
    value: decoded(values, value) as Json,
    timestamp,
  }
  return headers.length === 0 ? record : { ...record, headers: scenarioHeaders(headers) }
}

function decoded(format: Format<unknown>, bytes: Buffer | null): unknown {
  if (!('decode' in format)) throw new Error('a scenario has no contracts')
  return bytes === null ? null : format.decode(bytes)
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
