/** Saves for ever; where that fails, says so, tries once more, and opens the state again until there is room. */
import { setImmediate } from 'node:timers/promises'
import { messageOf } from '../../lib/errors.ts'
import { openDiskState } from '../../lib/state/disk-state.ts'
import { change } from './saves.ts'

for (;;) {
  const state = await openDiskState(process.argv[2]!).catch(() => setImmediate(undefined))
  if (state === undefined) continue
  let n = Number(state.meta.n ?? 0)
  try {
    for (;;) {
      change(state, ++n)
      await state.save({ n: String(n) })
      process.send!({ saved: n })
    }
  } catch (error) {
    const again = await state.save({ n: 'of a failed state' }).then(() => 'saved', messageOf)
    process.send!({ failed: messageOf(error), again, meta: state.meta.n })
    await state.close()
  }
}
