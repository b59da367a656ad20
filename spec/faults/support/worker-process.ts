/** Runs the topology of a module until it has caught up, is told to stop (SIGTERM), or dies at its point. */
import { schemaRegistry } from '../../../lib/contract/registry.ts'
import { MillraceError, messageOf } from '../../../lib/errors.ts'
import type { Topology } from '../../../lib/index.ts'
import { SILENT } from '../../../lib/log.ts'
import { startWorker } from '../../../lib/runtime/worker.ts'
import { isTopic } from '../../../lib/topology/nodes.ts'
import { openBroker } from '../../support/broker-place.ts'
import { deadlyBroker } from './deadly-broker.ts'
import type { Said, WorkerProcessOptions } from './worker-process-options.ts'

const options = JSON.parse(process.argv[2]!) as WorkerProcessOptions
const { module, run, place, stateDir, untilCaughtUp, batch = 20, registryUrl, death } = options
const say = (said: Said) => process.send!(said)

const { said } = (await import(module)) as { said(run: string): Topology }
const topology = said(run)
const outputs = topology.nodes.flatMap((node) =>
  node.kind === 'sink' && isTopic(node.target) ? [node.target.name] : [],
)
const opened = await openBroker(place)
const broker = death === undefined ? opened : deadlyBroker(opened, death, outputs)
const log = {
  ...SILENT,
  info(fields: { readonly partitions?: readonly string[]; readonly entries?: number }, message: string) {
    if (message === 'assigned') say({ assigned: fields.partitions!.length })
    if (message === 'state restored') say({ restored: fields.entries! })
  },
}
try {
  const registry = registryUrl === undefined ? {} : { registry: schemaRegistry({ url: registryUrl }) }
  const worker = await startWorker({
    topology,
    environment: { broker, sinks: {}, lookups: {}, log: log as never, ...registry },
    stateDir,
    untilCaughtUp,
    batch: { records: batch },
  })
  process.once('SIGTERM', () => void worker.stop())
  const tell = () => {
    const counts = Object.entries(worker.counters.snapshot())
    say({ written: Object.fromEntries(counts.map(([step, { written = 0 }]) => [step, written])) })
  }
  const reporting = setInterval(tell, 20)
  await worker.done.finally(() => clearInterval(reporting))
  tell()
} catch (error) {
  say({ failed: { code: error instanceof MillraceError ? error.code : 'odd', message: messageOf(error) } })
  process.exitCode = 1
}
await broker.close()
process.disconnect()
