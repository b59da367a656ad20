import { type Capture, openCapture } from '../../connectors/postgres/capture/capture.ts'
import type { RowEncoding } from '../../connectors/postgres/capture/delivery.ts'
import type { CaptureStatus } from '../../connectors/postgres/capture/options.ts'
import { captureResources, recapture } from '../../connectors/postgres/capture/resources.ts'
import type { Database } from '../../connectors/postgres/connection.ts'
import { stagingResources } from '../../connectors/postgres/staging/staging-tables.ts'
import userInsights from '../../topologies/user-insights.ts'
import { toRawUser, usersRaw, usersRawCapture } from '../../topologies/users-raw.ts'
import { deployedAs } from '../deployed/application.ts'
import { MillraceError } from '../errors.ts'
import type { Resource } from '../ports.ts'
import type { Environment } from '../runtime/environment.ts'
import { serdesOf } from '../runtime/open.ts'
import { requireResources, resourcesOf, topicResource, topicResources } from '../runtime/resources.ts'
import type { Variable } from './config.ts'

/** The flows that ship with millrace: ingest → staging → capture → `users.raw` → `user-insights` → Cassandra. */
export const PIPELINE_VARIABLES = [
  'KAFKA_BROKERS',
  'SCHEMA_REGISTRY_URL',
  'DATABASE_URL',
  'CASSANDRA_CONTACT_POINTS',
  'CASSANDRA_LOCAL_DC',
  'CASSANDRA_KEYSPACE',
] as const satisfies readonly Variable[]

/** All that the pipeline needs to exist, in the order in which it has to be made. */
export async function pipelineResources(environment: Environment, database: Database): Promise<Resource[]> {
  const { name } = userInsights
  const { runsAs } = await deployedAs(environment.broker, name)
  return [
    ...stagingResources(database),
    ...captureTopics(environment),
    ...captureResources(database, usersRawCapture),
    ...resourcesOf(userInsights, runsAs, environment, name),
  ].filter(
    ({ kind, name }, index, all) =>
      all.findIndex((other) => other.kind === kind && other.name === name) === index,
  )
}

export async function recaptureByName(name: string, database: Database): Promise<void> {
  if (name !== usersRawCapture.name) {
    throw new MillraceError('CONFIG', `no capture is named "${name}"; there is: ${usersRawCapture.name}`)
  }
  await recapture(database, usersRawCapture)
}

export interface CaptureSettings {
  readonly databaseUrl: string
  readonly environment: Environment
  readonly heartbeatMs?: number
  readonly onProgress?: (status: CaptureStatus) => void
}

/** The capture of `staging.random_users` into `users.raw`, checked and ready to run. */
export async function openUsersRawCapture(settings: CaptureSettings): Promise<Capture> {
  const { environment, databaseUrl, heartbeatMs, onProgress } = settings
  const encoding = await usersRawEncoding(environment)
  const producer = await environment.broker.producer({ clientId: `capture-${usersRawCapture.name}` })
  const capture = await openCapture({
    ...usersRawCapture,
    ...encoding,
    databaseUrl,
    producer,
    logger: environment.log,
    heartbeatMs,
    onProgress,
  }).catch(async (error: unknown) => {
    await producer.close()
    throw error
  })
  return {
    get status() {
      return capture.status
    },
    run: (signal) => capture.run(signal).finally(() => producer.close()),
    close: async () => {
      await Promise.allSettled([capture.close(), producer.close()])
    },
  }
}

/** How capture makes a record of a staged row. @throws MillraceError `MISSING` before `apply`. */
export async function usersRawEncoding(environment: Environment): Promise<RowEncoding> {
  await requireResources(captureTopics(environment))
  const { key, value } = serdesOf(usersRaw, environment)
  await value.open?.()
  return {
    ...usersRawCapture,
    encode: (row) => {
      const raw = toRawUser(row)
      return { ...raw, key: key.encode(raw.key), value: value.encode(raw.value) }
    },
  }
}

function captureTopics(environment: Environment): Resource[] {
  const letters = { topic: usersRawCapture.deadLetterTopic, partitions: 1, config: { 'retention.ms': '-1' } }
  return [...topicResources(usersRaw, environment), topicResource(letters, environment.broker)]
}
