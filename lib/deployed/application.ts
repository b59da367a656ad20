import type { Broker } from '../broker/broker.ts'
import type { OutRecord } from '../record.ts'
import { Ledger, ledgerRecord } from './ledger.ts'

const KIND = 'application'

/** What an application runs as: its own name, until a shadow of it is promoted. */
export interface Deployed {
  /** Consumer group, state, internal topics. The write clock stays that of the application. */
  readonly runsAs: string
  /** What its records in topics are marked with, once versions have followed one another. */
  readonly generation?: number
}

export async function deployedAs(broker: Broker, application: string): Promise<Deployed> {
  return (await new Ledger(broker).read<Deployed>(KIND, application)) ?? { runsAs: application }
}

/** For who writes it in a transaction of its own. */
export function deployedRecord(application: string, deployed: Deployed): OutRecord {
  return ledgerRecord<Deployed>(KIND, application, deployed)
}
