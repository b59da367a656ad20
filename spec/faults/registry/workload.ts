import avsc from 'avsc'
import { contract, json, map, sink, type Topology, topic, topology } from '../../../lib/index.ts'
import { NO_HEADERS, type OutRecord } from '../../../lib/record.ts'

export const PARTITIONS = 4

const schemaOf = (run: string) => ({
  type: 'record',
  name: `Away${run.replaceAll(/\W/g, '')}`,
  fields: [{ name: 'n', type: 'int' }],
})

/** The contract's own schema is version 0; each later one has a field more, which the contract does not know. */
export function schemaText(run: string, version: number): string {
  const schema = schemaOf(run)
  const more = Array.from({ length: version }, (_, i) => ({ name: `more${i}`, type: 'int', default: 0 }))
  return JSON.stringify({ ...schema, fields: [...schema.fields, ...more] })
}

export const names = (run: string) => ({
  application: `${run}-away`,
  input: `${run}.in`,
  output: `${run}.out`,
})

export function said(run: string): Topology {
  const { application, input, output } = names(run)
  const away = contract<{ n: number }>({ name: 'away', version: 1, schema: schemaOf(run) })
  return topology(application, ({ source }) => {
    source('numbers', topic(input, { value: away, partitions: PARTITIONS })).pipe(
      map('plain', ({ n }) => n),
      sink('out', topic(output, { value: json<number>(), partitions: PARTITIONS })),
    )
  })
}

/** Written by the stock library, in the wire format of the registry. */
export function recordOf(
  run: string,
  { id, version, n, partition }: { id: number; version: number; n: number; partition: number },
): OutRecord {
  const type = avsc.Type.forSchema(JSON.parse(schemaText(run, version)))
  const more = Object.fromEntries(Array.from({ length: version }, (_, i) => [`more${i}`, 7]))
  const head = Buffer.alloc(5)
  head.writeInt32BE(id, 1)
  return {
    topic: names(run).input,
    partition,
    key: Buffer.from(`partition-${partition}`),
    value: Buffer.concat([head, type.toBuffer({ n, ...more })]),
    timestamp: 1_700_000_000_000 + n,
    headers: NO_HEADERS,
  }
}
