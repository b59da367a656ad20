import { setTimeout as delay } from 'node:timers/promises'

/** Waits for a state that can be seen, never for time. Rejects after four minutes, saying what has not come. */
export async function until(what: string, seen: () => Promise<boolean> | boolean): Promise<void> {
  const deadline = Date.now() + 240_000
  while (!(await seen())) {
    if (Date.now() > deadline) throw new Error(`not within four minutes: ${what}`)
    await delay(50)
  }
}
