import { kafka } from '../../../connectors/kafka/index.ts'
import { json, map, sink, topology, validate } from '../../../lib/index.ts'

interface Order {
  readonly id: number
  readonly total?: number
  readonly name?: string
}

/** The spec gives the name, and says whether the check has been mended. */
const name = process.env.SPEC_TOPOLOGY ?? 'orders'
const fixed = process.env.SPEC_FIXED === 'yes'
const value = json<unknown>()

export default topology(name, ({ source }) => {
  source('orders', kafka(`${name}-in`, { value: json<Order>(), partitions: 2 })).pipe(
    validate('priced', ({ id, total }) => {
      return total === undefined && !fixed ? `order "${id}" has no total` : undefined
    }),
    map('rounded', ({ id, total = 0 }) => ({ id, total: Math.round(total) })),
    sink('totals', kafka(`${name}-totals`, { value })),
  )
})
