import type { TransactionalProducer } from '../../broker/broker.ts'
import { type Deployed, deployedAs } from '../../deployed/application.ts'
import { Ledger, ledgerRecord } from '../../deployed/ledger.ts'
import { MillraceError } from '../../errors.ts'
import type { OutRecord, Position } from '../../record.ts'
import type { Environment } from '../../runtime/environment.ts'

const KIND = 'promotion'

/**
 * How far a promotion is. `draining`: the order is given, nothing is changed yet. `imaging`: pre-images are written down.
 * `applying`: live sinks are changed. `promoted`. `returning`: what was promoted is drained. `reverting`: live sinks are
 * changed back. `rolled back`.
 */
export type Stage =
  | 'draining'
  | 'imaging'
  | 'applying'
  | 'promoted'
  | 'returning'
  | 'reverting'
  | 'rolled back'

/** What the ledger holds of a promotion, so that another process can go on with it, or undo it. */
export interface Promotion {
  readonly stage: Stage
  /** What the application ran as before, and does again once it is rolled back. */
  readonly from: Deployed
  /** P: where `from` was drained. None while it is being drained. */
  readonly positions: readonly Position[]
  /** Of what is written into live sinks now. */
  readonly generation: number
  readonly since: string
}

export function readPromotions({ broker }: Environment, application: string) {
  return new Ledger(broker).list<Promotion>(KIND, application)
}

/** With the shadow that it was of. */
export async function forgetPromotion(
  { broker }: Environment,
  application: string,
  name: string,
): Promise<void> {
  await new Ledger(broker).write(KIND, application, null, name)
}

/**
 * The one writer of an application's promotions. Who opens it ends all earlier ones: their next write rejects with
 * `FENCED`. What is noted is committed with what is written along with it: all, or nothing.
 */
export class Journal {
  /** Undefined before the first note, and once it is forgotten. */
  promotion: Promotion | undefined
  readonly deployed: Deployed
  readonly #transactions: TransactionalProducer
  readonly #application: string
  readonly #name: string

  private constructor(transactions: TransactionalProducer, said: Said, deployed: Deployed) {
    this.#transactions = transactions
    this.#application = said.application
    this.#name = said.name
    this.deployed = deployed
  }

  /** @throws MillraceError `DATA_LOSS` while another shadow of the application is being promoted or rolled back. */
  static async open({ environment, application, name }: Said): Promise<Journal> {
    const { broker } = environment
    await new Ledger(broker).require()
    const id = `${application}-promotion`
    const transactions = await broker.transactions({ id, group: id, clientId: 'millrace-promotion' })
    try {
      const said = { environment, application, name }
      const journal = new Journal(transactions, said, await deployedAs(broker, application))
      const known = await readPromotions(environment, application)
      const other = known.find((one) => one.name !== name && isUnderWay(one.value))
      if (other !== undefined) throw underWay(application, other.name, other.value)
      journal.promotion = known.find((one) => one.name === name)?.value
      return journal
    } catch (error) {
      await transactions.close().catch(() => {})
      throw error
    }
  }

  async note(promotion: Promotion, along: readonly OutRecord[] = []): Promise<void> {
    await this.#write(promotion, along)
    this.promotion = promotion
  }

  /** Rejects with `FENCED` once another has taken over. */
  hold(): Promise<void> {
    return this.#write(this.promotion!, [])
  }

  async forget(along: readonly OutRecord[] = []): Promise<void> {
    await this.#write(null, along)
    this.promotion = undefined
  }

  /** Into topics, committed. */
  async write(records: readonly OutRecord[]): Promise<void> {
    if (records.length === 0) return
    try {
      await this.#transactions.send(records)
      await this.#transactions.commit([])
    } catch (error) {
      throw fenced(error, this.#application)
    }
  }

  async close(): Promise<void> {
    await this.#transactions.close().catch(() => {})
  }

  #write(promotion: Promotion | null, along: readonly OutRecord[]): Promise<void> {
    return this.write([ledgerRecord(KIND, this.#application, promotion, this.#name), ...along])
  }
}

interface Said {
  readonly environment: Environment
  readonly application: string
  readonly name: string
}

function isUnderWay({ stage }: Promotion): boolean {
  return stage !== 'promoted' && stage !== 'rolled back'
}

function underWay(application: string, name: string, { stage }: Promotion): MillraceError {
  const back = stage === 'returning' || stage === 'reverting'
  const cure = back ? 'finishes that' : 'gives it up'
  return new MillraceError(
    'DATA_LOSS',
    `shadow "${name}" of application "${application}" is being ${back ? 'rolled back' : 'promoted'} (${stage}): \`millrace replay rollback ${name} FILE\` ${cure}`,
    { application },
  )
}

function fenced(error: unknown, application: string): unknown {
  if (!(error instanceof MillraceError && error.code === 'FENCED')) return error
  return new MillraceError(
    'FENCED',
    `another \`replay promote\` or \`replay rollback\` of application "${application}" has taken over`,
    { application, cause: error },
  )
}
