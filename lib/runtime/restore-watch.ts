import type { FetchedBatch, Range } from '../broker/broker.ts'
import { MillraceError } from '../errors.ts'
import { atMostEvery, type Logger, SILENT } from '../log.ts'
import { type RestoreProgress, Restores } from './restore-progress.ts'

/** Who is told how a restore goes. */
export interface RestoreWatch {
  readonly task?: string
  readonly restores?: Restores
  readonly log?: Logger
  /** How often its progress is logged. Milliseconds; default 5 s. */
  readonly every?: number
  /** After how long without a record it is warned of, and after how long again given up. Milliseconds; default 15 s. */
  readonly patience?: number
}

/**
 * The batches of a read, the next one fetched while one is worked on. How far it is is logged now and then; a read
 * that brings nothing is warned of, and then ended as `UNREACHABLE`, so that it is begun again.
 */
export async function* watched(
  batches: AsyncIterable<FetchedBatch>,
  ranges: readonly Range[],
  { task = '', restores = new Restores(), log = SILENT, every = 5_000, patience = 15_000 }: RestoreWatch,
): AsyncGenerator<FetchedBatch, void> {
  const restoring = restores.begin(task, ranges)
  const rarely = atMostEvery(every)
  rarely(() => {})
  const iterator = batches[Symbol.asyncIterator]()
  let stalled = false
  try {
    for (let next = begin(iterator); ; ) {
      const { done, value } = await orStalled(next, patience, (given) => {
        const message = `nothing of a changelog has come for ${seconds(patience * (given ? 2 : 1))} s`
        for (const at of unread(restoring.progress())) log.warn(at, message)
        stalled = given
        return given ? standstill(task, restoring.progress()) : undefined
      })
      if (done) return
      restoring.read(value)
      next = begin(iterator)
      yield value
      rarely(() => {
        for (const { silent, ...at } of restoring.progress()) log.info(at, 'restoring')
      })
    }
  } finally {
    restoring.done()
    const ended = iterator.return?.()
    ended?.catch(() => {})
    // One that stands still would not end before its next batch.
    if (!stalled) await ended
  }
}

function begin(iterator: AsyncIterator<FetchedBatch>): Promise<IteratorResult<FetchedBatch, void>> {
  const next = iterator.next()
  next.catch(() => {})
  return next
}

/** Asks twice what is to become of it; rejects with what it is told. */
async function orStalled<T>(
  next: Promise<T>,
  patience: number,
  onSilence: (again: boolean) => MillraceError | undefined,
): Promise<T> {
  const failed = Promise.withResolvers<never>()
  let again = false
  const timer = setInterval(() => {
    const error = onSilence(again)
    if (error !== undefined) failed.reject(error)
    again = true
  }, patience)
  try {
    return await Promise.race([next, failed.promise])
  } finally {
    clearInterval(timer)
  }
}

function unread(progress: readonly RestoreProgress[]) {
  return progress
    .filter(({ at, end }) => at < end)
    .map(({ task, topic, partition, at, end }) => ({ task, topic, partition, at, end }))
}

function standstill(task: string, progress: readonly RestoreProgress[]): MillraceError {
  const [first] = unread(progress)
  const places = unread(progress).map(({ topic, partition, at, end }) => {
    return `${topic}/${partition} at ${at} of ${end}`
  })
  const message = `the restore of task ${task} stands still: ${places.join(', ')}. It is begun again where it was`
  return new MillraceError('UNREACHABLE', message, first)
}

function seconds(milliseconds: number): number {
  return Math.round(milliseconds / 1000)
}
