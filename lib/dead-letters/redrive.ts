import { Ledger } from '../deployed/ledger.ts'
import { TokenBucket } from '../token-bucket.ts'
import type { Letter } from './letter.ts'
import { lettersOf, rangesOfLetters } from './read-letters.ts'
import type { RedriveOptions } from './redrive-options.ts'
import { type Redriven, RedriveRun } from './redrive-run.ts'

const PAGE = 500

/**
 * Lets letters in again, page by page: what comes of a page, and that it is redriven, are in one transaction, behind
 * its rows. Killed anywhere, the next run goes on behind the last page; rows may be written again, which tables do not
 * notice. One at a time: a second one fences the first.
 */
export async function redrive(options: RedriveOptions): Promise<Redriven> {
  const { broker, topic, rate, signal } = options
  await new Ledger(broker).require()
  const run = await RedriveRun.begin(options)
  const bucket = rate === undefined ? undefined : new TokenBucket(rate)
  const portion = rate === undefined ? PAGE : Math.min(PAGE, Math.max(1, Math.floor(rate / 10)))
  let page: Letter[] = []
  try {
    // What comes back as a dead letter while this goes on lies beyond these ends.
    for await (const letters of lettersOf(broker, await rangesOfLetters(broker, topic))) {
      for (const letter of letters) {
        if (!(await run.isDue(letter))) continue
        page.push(letter)
        if (page.length < portion) continue
        await bucket?.wait(page.length, signal).catch(unlessAborted(signal))
        if (signal.aborted) return run.outcome
        await run.enter(page)
        page = []
      }
    }
    if (page.length > 0 || run.hasTwins) await run.enter(page)
    return run.outcome
  } finally {
    await run.close()
  }
}

function unlessAborted(signal: AbortSignal) {
  return (error: unknown): void => {
    if (!signal.aborted) throw error
  }
}
