import { homedir } from 'node:os'
import { join } from 'node:path'

/** What is fetched or made once is kept here: MILLRACE_CACHE_DIR, else ~/.cache/millrace. */
export function cacheDirectory(): string {
  return process.env.MILLRACE_CACHE_DIR || join(homedir(), '.cache', 'millrace')
}
