import { setTimeout as delay } from 'node:timers/promises'
import type { Broker } from '../broker/broker.ts'
import { isRetriable, MillraceError } from '../errors.ts'
import type { OutRecord } from '../record.ts'
import { LEDGER, Ledger, ledgerRecord } from './ledger.ts'

const KIND = 'order'
const LOOK_EVERY_MS = 500

/** To all workers of an application: finish what is in hand, read nothing more, and end; and begin none until it is lifted. */
export interface Order {
  readonly order: 'drain'
  /** The command that has given it. */
  readonly by: string
}

/** For who gives or, by null, lifts it in a transaction of its own. */
export function orderRecord(application: string, order: Order | null): OutRecord {
  return ledgerRecord<Order>(KIND, application, order)
}

export function standingOrder(broker: Broker, application: string): Promise<Order | undefined> {
  return new Ledger(broker).read<Order>(KIND, application)
}

/** The order that stands, or that is given later; undefined when aborted. What the broker does not answer is asked again. */
export function nextOrder(
  broker: Broker,
  application: string,
  signal: AbortSignal,
): Promise<Order | undefined> {
  return watched(broker, application, signal, (order) => order !== undefined)
}

/** Resolves when none stands, or when aborted. `waiting` is told once what is waited for. */
export async function noOrder(
  broker: Broker,
  application: string,
  signal: AbortSignal,
  waiting: (order: Order) => void,
): Promise<void> {
  const standing = await standingOrder(broker, application)
  if (standing === undefined) return
  waiting(standing)
  await watched(broker, application, signal, (order) => order === undefined)
}

/** @throws MillraceError `DATA_LOSS` while one stands: its positions and its state are counted on. */
export async function requireNoOrder(broker: Broker, application: string): Promise<void> {
  const order = await standingOrder(broker, application)
  if (order === undefined) return
  throw new MillraceError(
    'DATA_LOSS',
    `application "${application}" is being drained: \`${order.by}\` has not ended. Run it again to its end, or roll it back`,
    { application },
  )
}

/** Reads the ledger whenever it has grown. */
async function watched(
  broker: Broker,
  application: string,
  signal: AbortSignal,
  due: (order: Order | undefined) => boolean,
): Promise<Order | undefined> {
  let there = false
  for (let seen = -1; !signal.aborted; ) {
    try {
      // To ask for one topic is to list them all: not twice a second.
      there ||= (await broker.admin.topics([LEDGER])).length > 0
      const end = there ? (await broker.admin.offsets(LEDGER))[0]!.end : 0
      if (end !== seen) {
        const order = await standingOrder(broker, application)
        if (due(order)) return order
        seen = end
      }
    } catch (error) {
      if (!isRetriable(error)) throw error
    }
    await delay(LOOK_EVERY_MS, undefined, { signal }).catch(() => {})
  }
  return undefined
}
