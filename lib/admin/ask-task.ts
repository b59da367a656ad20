import type { TaskOwner } from '../broker/broker.ts'
import type { Answered, Refused, StoreAnswer, StoreQuery } from '../runtime/view/worker-view.ts'
import type { Peers, Unanswered } from './peers.ts'
import type { Workers } from './workers.ts'

/** What was asked of one task, whoever has it. */
export interface TaskQuestion extends Omit<StoreQuery, 'from'> {
  readonly application: string
  /** Whether a standby may answer. */
  readonly stale: boolean
}

/** An answer, and the instance that gave it; undefined: this one. */
export interface TaskAnswer extends Answered {
  readonly endpoint: string | undefined
}

export interface NoAnswer {
  readonly outcome: 'none'
  readonly task: string
  /** `restoring` goes by; an instance without an address does not. */
  readonly why: 'restoring' | 'unreachable' | 'no-endpoint'
  readonly tried: readonly string[]
}

/**
 * The owner of the task answers; when it is away, restoring, or nobody for the moment, one that follows it.
 * (KeyQueryMetadata: activeHost, standbyHosts)
 */
export async function askTask(
  question: TaskQuestion,
  workers: Workers,
  peers: Peers,
): Promise<TaskAnswer | Refused | NoAnswer> {
  const { application, task, stale } = question
  const tried: string[] = []
  const note = (answer: StoreAnswer | Unanswered, where: string) => {
    if (answer.outcome === 'answered' || answer.outcome === 'refused') return
    const why = answer.outcome === 'unanswered' ? answer.why : answer.outcome
    tried.push(`${where}: ${why}`)
  }

  const here = await askHere('active')
  if (here !== undefined) return here
  const owners = await workers.owners(application)
  for (const role of stale ? (['active', 'standby'] as const) : (['active'] as const)) {
    const own = role === 'standby' ? await askHere(role) : undefined
    const answer = own ?? (await askOthers(role))
    if (answer !== undefined) return answer
  }
  const restoring = tried.some((one) => one.endsWith(': restoring'))
  const asked = tried.some((one) => !one.startsWith('here'))
  return {
    outcome: 'none',
    task,
    why: restoring ? 'restoring' : asked ? 'unreachable' : 'no-endpoint',
    tried,
  }

  async function askHere(from: StoreQuery['from']): Promise<TaskAnswer | Refused | undefined> {
    for (const view of workers.of(application)) {
      const answer = await view.query(queryOf(from))
      if (answer.outcome === 'answered') return { ...answer, endpoint: undefined }
      if (answer.outcome === 'refused') return answer
      note(answer, 'here')
    }
    return undefined
  }

  async function askOthers(from: StoreQuery['from']): Promise<TaskAnswer | Refused | undefined> {
    for (const endpoint of endpointsOf(owners, task, from)) {
      const answer = await peers.query(endpoint, application, queryOf(from))
      if (answer.outcome === 'answered') return { ...answer, endpoint }
      if (answer.outcome === 'refused') return answer
      note(answer, endpoint)
    }
    return undefined
  }

  function queryOf(from: StoreQuery['from']): StoreQuery {
    return { store: question.store, task, from, ask: question.ask }
  }
}

function endpointsOf(owners: readonly TaskOwner[], task: string, from: StoreQuery['from']): string[] {
  const having = owners.filter((owner) => (from === 'active' ? owner.active : owner.standbys).includes(task))
  return [...new Set(having.flatMap(({ endpoint }) => endpoint ?? []))]
}
