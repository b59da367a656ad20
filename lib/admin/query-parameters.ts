import type { RowsAsked } from '../runtime/view/worker-view.ts'
import { AdminError } from './admin-error.ts'

/** What a URL asks of a store. */
export interface StoreRequest {
  readonly topology: string | undefined
  /** Of processors' stores, whose keys may be in several. */
  readonly partition: number | undefined
  readonly stale: boolean
  readonly ask: RowsAsked
}

const DEFAULT_LIMIT = 100
const LARGEST_LIMIT = 1000

type Parameters = Readonly<Record<string, unknown>>

/** @throws AdminError 400 naming the parameter. */
export function storeRequest(given: Parameters, key: string | undefined): StoreRequest {
  const read = texts(given, ['topology', 'partition', 'stale', 'asOf', 'from', 'to', 'limit'])
  const { asOf, from: first, to: last } = read
  return {
    topology: read.topology,
    partition: partitionOf(read.partition),
    stale: flag('stale', read.stale ?? 'true'),
    ask: { key, asOf, first, last, limit: limitOf(read.limit) },
  }
}

/** Which inputs are meant. */
export function controlRequest(given: Parameters) {
  const { topology, topic, partition } = texts(given, ['topology', 'topic', 'partition'])
  return { topology, topic, partition: partitionOf(partition) } as const
}

/** What another instance asks of this one. */
export function peerRequest(given: Parameters) {
  const read = texts(given, ['application', 'task', 'role', 'key', 'asOf', 'first', 'last', 'limit'])
  const { application, task, role, key, asOf, first, last } = read
  if (application === undefined || task === undefined || (role !== 'active' && role !== 'standby')) {
    throw wrong('application, task and role (active or standby) are needed')
  }
  return {
    application,
    task,
    from: role,
    ask: { key, asOf, first, last, limit: limitOf(read.limit) },
  } as const
}

function partitionOf(text: string | undefined): number | undefined {
  return text === undefined ? undefined : wholeNumber('partition', text, 0, 1e6)
}

function limitOf(text: string | undefined): number {
  return text === undefined ? DEFAULT_LIMIT : wholeNumber('limit', text, 1, LARGEST_LIMIT)
}

/** A misspelt parameter would be an answer to another question. */
function texts<N extends string>(given: Parameters, names: readonly N[]): Partial<Record<N, string>> {
  for (const [name, value] of Object.entries(given)) {
    if (!names.includes(name as N))
      throw wrong(`there is no parameter "${name}"; there are ${names.join(', ')}`)
    if (typeof value !== 'string') throw wrong(`"${name}" is given more than once`)
  }
  return given as Partial<Record<N, string>>
}

function wholeNumber(name: string, text: string, least: number, most: number): number {
  const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN
  if (value >= least && value <= most) return value
  throw wrong(`"${name}" is a whole number from ${least} to ${most}`)
}

function flag(name: string, text: string): boolean {
  if (text === 'true' || text === 'false') return text === 'true'
  throw wrong(`"${name}" is true or false`)
}

function wrong(message: string): AdminError {
  return new AdminError(400, 'WRONG_PARAMETER', message, 'change the query of the URL')
}
