/** Restores into a folder, and prints how far it is: to be killed. Arguments: brokers, application, store, folder. */
import { kafkaBroker } from '../connectors/kafka/broker.ts'
import { restore } from '../lib/runtime/restore.ts'
import { Restores } from '../lib/runtime/restore-progress.ts'
import { openDiskState } from '../lib/state/disk-state.ts'

const [brokers, application, store, dir] = process.argv.slice(2) as [string, string, string, string]
const broker = kafkaBroker({ brokers: brokers.split(',') })
const restores = new Restores()
setInterval(() => {
  for (const { at } of restores.snapshot()) process.stdout.write(`${at}\n`)
}, 20)
const place = { application, partition: 0, stores: [store] }
await restore(broker, place, await openDiskState(dir), new AbortController().signal, { restores })
process.exit()
