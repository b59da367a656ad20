import { writeFileSync } from 'node:fs'

/** The file that says when a contestant's own code saw its first record, in milliseconds. */
export const FIRST_SEEN = 'BENCH_FIRST_SEEN'

let noted = process.env[FIRST_SEEN] === undefined

/** To be called for every record; the first one counts, of whatever thread. */
export function seen(): void {
  if (noted) return
  noted = true
  try {
    writeFileSync(process.env[FIRST_SEEN]!, String(Date.now()), { flag: 'wx' })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  }
}
