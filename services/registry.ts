import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { requireJava } from './java.ts'
import { fetchArtifacts } from './maven.ts'
import { loopback, requireFree } from './ports.ts'
import { launch, requireNotRunning } from './process.ts'
import type { RunningServer, StartOptions } from './server.ts'

export const registryVersion = '2.6.13.Final'
export const registryPort = 8081

/** Apicurio Registry, spoken to through its Confluent API. What it acknowledged survives kill -9. */
export async function startRegistry(options: StartOptions): Promise<RunningServer> {
  const { dir, port = registryPort } = options
  requireNotRunning(dir, 'registry')
  const java = requireJava()
  const files = await fetchArtifacts({ name: 'registry', version: registryVersion, packed: true }, (line) =>
    options.onProgress?.('registry', line),
  )
  await requireFree(port, 'the schema registry', '--registry-port')
  const dataDir = join(dir, 'registry', 'data')
  mkdirSync(dataDir, { recursive: true })
  const address = confluentUrl(port)
  return launch(
    {
      name: 'registry',
      port,
      address,
      clientEnv: { SCHEMA_REGISTRY_URL: address },
      dataDir,
      file: java,
      args: [
        ...['-Xms64m', '-Xmx256m', '-XX:+UseSerialGC'],
        ...['-jar', join(files, `apicurio-registry-app-${registryVersion}-runner.jar`)],
      ],
      env: {
        QUARKUS_HTTP_HOST: loopback,
        QUARKUS_HTTP_PORT: String(port),
        REGISTRY_DATASOURCE_URL: `jdbc:h2:file:${join(dataDir, 'registry')};DB_CLOSE_ON_EXIT=FALSE;WRITE_DELAY=0`,
      },
      ready: registryAnswers,
    },
    options,
  )
}

export async function registryAnswers(port: number): Promise<boolean> {
  try {
    const response = await fetch(`${confluentUrl(port)}/subjects`, { signal: AbortSignal.timeout(2_000) })
    await response.body?.cancel()
    return response.ok
  } catch {
    return false
  }
}

function confluentUrl(port: number): string {
  return `http://${loopback}:${port}/apis/ccompat/v7`
}
