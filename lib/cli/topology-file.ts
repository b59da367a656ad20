import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { MillraceError, messageOf } from '../errors.ts'
import { isTopic, type Topology } from '../topology/nodes.ts'
import type { Variable } from './config.ts'

/** Imports a file whose default export is a topology. */
export async function loadTopology(file: string): Promise<Topology> {
  const path = resolve(file)
  if (!existsSync(path)) throw new MillraceError('CONFIG', `no topology file at ${path}`)
  const module = await import(pathToFileURL(path).href).catch((error: unknown) => {
    if (error instanceof MillraceError) throw error
    throw new MillraceError('CONFIG', `${file} can't be loaded: ${messageOf(error)}${cureFor(error)}`, {
      cause: error,
    })
  })
  const topology: unknown = module.default
  if (!isTopology(topology)) {
    throw new MillraceError(
      'CONFIG',
      `${file} has no topology as its default export: export default topology(...)`,
    )
  }
  return topology
}

/** What `npm init` writes makes Node take a .ts file for CommonJS. */
function cureFor(error: unknown): string {
  if (!messageOf(error).includes('outside a module')) return ''
  return '; put "type": "module" into package.json, or name the file .mts'
}

function isTopology(value: unknown): value is Topology {
  return typeof value === 'object' && value !== null && 'nodes' in value && 'deadLetters' in value
}

/** The variables without which a topology can't run. */
export function variablesOf(topologies: readonly Topology[]): Variable[] {
  const needs = new Set<Variable>(['KAFKA_BROKERS'])
  for (const node of topologies.flatMap(({ nodes }) => nodes)) {
    const target = 'topic' in node ? node.topic : node.kind === 'sink' ? node.target : undefined
    if (target !== undefined && 'value' in target && !('encode' in target.value && 'encode' in target.key)) {
      needs.add('SCHEMA_REGISTRY_URL')
    }
    if (node.kind === 'enrich' && node.enrichment.how === 'lookup') {
      if (node.enrichment.target.connector === 'postgres') needs.add('DATABASE_URL')
    }
    if (node.kind === 'sink' && !isTopic(node.target) && node.target.connector === 'cassandra') {
      needs.add('CASSANDRA_CONTACT_POINTS').add('CASSANDRA_LOCAL_DC').add('CASSANDRA_KEYSPACE')
    }
    if (node.kind === 'sink' && !isTopic(node.target) && node.target.connector === 'postgres') {
      needs.add('DATABASE_URL')
    }
  }
  return [...needs]
}
