/** A worker of the group, in a process of its own, until it is told to stop (SIGTERM) or killed. */
import { messageOf } from '../../../lib/errors.ts'
import { SILENT } from '../../../lib/log.ts'
import { startWorker } from '../../../lib/runtime/worker.ts'
import { openBroker } from '../../support/broker-place.ts'
import type { MemberOptions, Restored, Said } from './member-messages.ts'
import { said as topologyOf } from './workload.ts'

const { run, place, stateDir, standbys } = JSON.parse(process.argv[2]!) as MemberOptions
const say = (said: Said) => process.send!(said)

interface Assigned {
  readonly partitions: readonly string[]
  readonly standbys: readonly string[]
}

const log = {
  ...SILENT,
  info(fields: object, message: string) {
    if (message === 'state restored') say({ restored: fields as Restored })
    if (message !== 'assigned') return
    const { partitions, standbys } = fields as Assigned
    const active = partitions.map((name) => `0_${name.slice(name.indexOf('/') + 1)}`)
    say({ assigned: { active, standbys } })
  },
  warn: (fields: object, message: string) => console.log(message, fields),
}
const broker = await openBroker(place)
try {
  const worker = await startWorker({
    topology: topologyOf(run),
    environment: { broker, sinks: {}, lookups: {}, log },
    ...{ stateDir, standbys, batch: { records: 20 } },
  })
  process.once('SIGTERM', () => void worker.stop())
  const tell = async () => {
    say({ written: worker.counters.snapshot().counts?.written ?? 0, lag: worker.standbyLag })
  }
  const reporting = setInterval(tell, 100)
  await worker.done.finally(() => clearInterval(reporting))
} catch (error) {
  say({ failed: messageOf(error) })
  process.exitCode = 1
}
await broker.close()
process.disconnect()
