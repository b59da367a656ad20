import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Contestant, Run } from './contestant.ts'
import { FIRST_SEEN } from './first-seen.ts'
import { measured, withFolder } from './measured.ts'
import type { Lap } from './race.ts'

export interface ToTheEnd {
  readonly contestant: Contestant
  readonly round: number
  readonly run: Run
  /** Of the server that is written to, where it is one of the bench's own. */
  readonly server: number | undefined
  /** Behind what a user does once before it is started. */
  readonly prepared?: () => Promise<void>
  readonly checksum: string
  /** Of what was written. */
  readonly written: () => Promise<string>
}

/** A lap whose output has no clock that is the same for all: `records/s` is up to the end of the process. */
export function toTheEnd(lap: ToTheEnd): Promise<Lap> {
  const { contestant, round, run, server, prepared, written } = lap
  return withFolder(async (folder) => {
    await contestant.before?.(run)
    await prepared?.()
    const firstSeen = join(folder, 'first-seen')
    const { argv, env } = contestant.command(run)
    const { begun, ...took } = await measured({ argv, env: { ...env, [FIRST_SEEN]: firstSeen } }, server)
    const first = Number(readFileSync(firstSeen, 'utf8'))
    const checksum = await written()
    return {
      contestant: contestant.name,
      round,
      records: run.records,
      'records/s': Math.round((run.records * 1000) / (begun + took['wall s'] * 1000 - first)),
      'to first s': (first - begun) / 1000,
      ...took,
      checksum,
      right: checksum === lap.checksum,
    }
  })
}
