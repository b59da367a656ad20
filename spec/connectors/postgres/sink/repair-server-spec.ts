import { postgres } from '../../../../connectors/postgres/index.ts'
import type { TableTarget } from '../../../../lib/table/table.ts'
import { REPAIRED, rowRepairConformance } from '../../../conformance/row-repair.ts'
import { openSinkStage } from './sink-stage.ts'

const target = postgres('mended', { columns: REPAIRED, primaryKey: ['country', 'day', 'start'] })

rowRepairConformance('a PostgreSQL table', async () => {
  const { connector, close } = await openSinkStage()
  return { connector, target: target as TableTarget, close }
})
