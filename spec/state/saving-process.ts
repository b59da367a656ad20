/** Changes and saves the state in the folder given for ever, and says the number of each save that is done. */
import { openDiskState } from '../../lib/state/disk-state.ts'
import { change } from './saves.ts'

const state = await openDiskState(process.argv[2]!, { cacheBytes: 20_000 })
let n = Number(state.meta.n ?? 0)
console.log(`open ${n}`)
for (;;) {
  change(state, ++n)
  await state.save({ n: String(n) })
  process.stdout.write(`${n}\n`)
}
