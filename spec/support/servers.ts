import { readFileSync } from 'node:fs'
import { z } from 'zod'

const addresses = z.object({
  kafkaBrokers: z.string(),
  /** The registry's Confluent API. */
  registryUrl: z.string(),
  databaseUrl: z.string(),
  cassandraContactPoints: z.string(),
  cassandraDatacenter: z.string(),
  /** Directories of jars, for the servers' own tools: `java -cp "<dir>/*" org.apache.kafka.tools…`. */
  jars: z.object({ kafka: z.string(), cassandra: z.string() }),
})

export type Servers = z.infer<typeof addresses>

/** Names the file in which `spec/run.ts` tells the specs where its servers are. */
export const serversVariable = 'MILLRACE_SPEC_SERVERS'

/** The real servers that this spec run has started. Throws if there are none: server specs never skip. */
export function servers(): Servers {
  const file = process.env[serversVariable]
  if (file === undefined || file === '') {
    throw new Error(
      'this spec needs the real servers: run `npm test`, or `npm run test:servers -- <spec files>` for some specs',
    )
  }
  return addresses.parse(JSON.parse(readFileSync(file, 'utf8')))
}
