import { expect } from 'chai'
import { kafka } from '../../connectors/kafka/index.ts'
import type { Broker } from '../../lib/broker/broker.ts'
import { MillraceError } from '../../lib/errors.ts'
import { contract, json, sink, topology } from '../../lib/index.ts'
import { SILENT } from '../../lib/log.ts'
import type { Resource } from '../../lib/ports.ts'
import { requireResources, resourcesOf } from '../../lib/runtime/resources.ts'
import { MemoryRegistry } from '../contract/memory-registry.ts'
import { adminWith } from './ports.ts'

const resource = (name: string, state: Awaited<ReturnType<Resource['inspect']>>): Resource => ({
  kind: 'topic',
  name,
  inspect: async () => state,
  create: async () => {},
})
const outcome = (promise: Promise<unknown>) =>
  promise.then(
    () => undefined,
    (error: MillraceError) => error,
  )

describe('resources that must be there', () => {
  it('should pass when they are', async () => {
    await requireResources([resource('a', 'present')])
  })

  it('should name all that are missing, and the command that creates them', async () => {
    const found = [resource('a', 'missing'), resource('b', 'present'), resource('c', 'missing')]
    const error = await outcome(requireResources(found, 'millrace apply mine.ts'))
    expect(error).to.be.instanceOf(MillraceError).with.property('code', 'MISSING')
    expect(error?.message).to.equal(
      'not there yet: topic a, topic c; `millrace apply mine.ts` creates what is missing',
    )
  })

  it('should name all that differ, and how', async () => {
    const found = [resource('a', { differs: 'no column x' }), resource('b', { differs: 'y is text' })]
    const error = await outcome(requireResources(found))
    expect(error?.code).to.equal('CONTRACT')
    expect(error?.message).to.equal('not as stated: topic a: no column x; topic b: y is text')
  })
})

describe('resources of a topology', () => {
  const thing = contract<{ n: number }>({
    name: 'thing',
    version: 1,
    schema: { type: 'record', name: 'Thing', fields: [{ name: 'n', type: 'int' }] },
  })
  const environment = {
    broker: { admin: adminWith([]) } as unknown as Broker,
    registry: new MemoryRegistry(),
    sinks: {},
    lookups: {},
    log: SILENT,
  }
  const labels = (found: readonly Resource[]) => found.map(({ kind, name }) => `${kind} ${name}`)

  it('should be topics, subjects of contracts, and the dead letters; each once', () => {
    const said = topology('spec', ({ source }) => {
      const input = source('in', kafka('a', { value: thing }))
      input.pipe(sink('out', kafka('b', { value: thing })))
      input.pipe(sink('again', kafka('b', { value: thing })))
      source('other', kafka('c', { value: json<{ n: number }>() })).pipe(
        sink('more', kafka('d', { value: json() })),
      )
    })
    expect(labels(resourcesOf(said, 'spec', environment))).to.deep.equal([
      'topic a',
      'subject a-value',
      'topic b',
      'subject b-value',
      'topic c',
      'topic d',
      'topic spec.dlq',
    ])
  })

  it('should refuse a contract without a registry, naming the variable', () => {
    const said = topology('spec', ({ source }) => {
      source('in', kafka('a', { value: thing })).pipe(sink('out', kafka('b', { value: json() })))
    })
    const { registry: _, ...without } = environment
    expect(() => resourcesOf(said, 'spec', without))
      .to.throw('set SCHEMA_REGISTRY_URL')
      .with.property('code', 'CONFIG')
  })
})
