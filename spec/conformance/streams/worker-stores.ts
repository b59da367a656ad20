import { join } from 'node:path'
import { openDiskState } from '../../../lib/state/disk-state.ts'
import { TaskState } from '../../../lib/state/task-state.ts'
import type { Topology } from '../../../lib/topology/nodes.ts'
import { storesOf } from '../../../lib/topology/stores-of.ts'
import { subTopologiesOf } from '../../../lib/topology/sub-topologies.ts'
import { storeRows } from './answer.ts'
import type { StoreRow, Stores } from './scenario.ts'

/** What the tasks of a partition have left on disk; the worker has stopped. */
export async function storesOnDisk(
  topology: Topology,
  stateDir: string,
  application: string,
  names: readonly string[],
  partition = 0,
): Promise<Stores> {
  const found: Record<string, readonly StoreRow[]> = {}
  for (const { id, inputs, steps } of subTopologiesOf(topology)) {
    const specs = [...inputs, ...steps].flatMap(storesOf).filter(({ name }) => names.includes(name))
    if (specs.length === 0) continue
    const task = `${id}_${partition}`
    const state = new TaskState(await openDiskState(join(stateDir, application, task)), task)
    for (const spec of specs) found[spec.name] = storeRows(state.store(spec))
    await state.close()
  }
  return found
}
