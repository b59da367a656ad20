/** Runs the topology until it has caught up, is told to stop (SIGTERM), or dies at its point. */
import { SILENT } from '../../../lib/log.ts'
import { startWorker } from '../../../lib/runtime/worker.ts'
import { openBroker } from '../../support/broker-place.ts'
import { deadlyBroker } from './deadly-broker.ts'
import type { Said, WorkerProcessOptions } from './worker-process-options.ts'
import { names, stateful } from './workload.ts'

const { place, run, stateDir, death, untilCaughtUp } = JSON.parse(process.argv[2]!) as WorkerProcessOptions
const say = (said: Said) => process.send!(said)
const { counts, pairs, perCountry } = names(run)
const opened = await openBroker(place)
const broker = death === undefined ? opened : deadlyBroker(opened, death, [counts, pairs, perCountry])
const log = {
  ...SILENT,
  info(fields: { readonly partitions?: readonly string[]; readonly entries?: number }, message: string) {
    if (message === 'assigned') say({ assigned: fields.partitions!.length })
    if (message === 'state restored') say({ restored: fields.entries! })
  },
}
const worker = await startWorker({
  topology: stateful(run),
  environment: { broker, sinks: {}, lookups: {}, log: log as never },
  stateDir,
  untilCaughtUp,
  batch: { records: 20 },
})
process.once('SIGTERM', () => void worker.stop())
const reporting = setInterval(() => say({ written: worker.counters.get('counts', 'written') }), 20)
await worker.done
clearInterval(reporting)
await broker.close()
process.disconnect()
