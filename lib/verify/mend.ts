import { messageOf } from '../errors.ts'
import type { FoundRow, RowRepair, StoredRow } from '../ports.ts'
import { LARGEST_GENERATION, writeClock } from '../table/write-clock.ts'
import type { Finding } from './findings.ts'

/** What has been done about a finding, or would be. */
export interface Mend extends Pick<Finding, 'hop' | 'key' | 'kind'> {
  readonly outcome: 'would be mended' | 'mended' | 'left'
  readonly how: string
}

export type Outcome = Pick<Mend, 'outcome' | 'how'>

/** What a row should be: as its newest record makes it, or not there. */
export interface Should {
  readonly value: StoredRow['value'] | null
  /** The record's time, in milliseconds. */
  readonly timestamp: number
}

/**
 * Writes the row at its record's own clock where nothing there is newer, else one above the largest of its cells: no
 * more, so that a later record still wins. A deletion shows no clock: where one hides what was written, it is written
 * once more at the present clock.
 */
export async function mendRow(
  repair: RowRepair,
  key: readonly unknown[],
  should: Should,
  now: () => number = Date.now,
): Promise<Outcome> {
  try {
    const before = await repair.readRow(key)
    if (isAs(before, should)) return { outcome: 'mended', how: 'it is as it should be by now' }
    const first = clockFor(repair, before, should)
    if (first !== undefined) {
      await repair.writeRow(key, should.value, first.clock)
      if (isAs(await repair.readRow(key), should)) return { outcome: 'mended', how: first.how }
    }
    const { clock } = await repair.readRow(key)
    const present = Math.max(now() * 1000 + LARGEST_GENERATION, (clock ?? 0) + 1)
    await repair.writeRow(key, should.value, present)
    return isAs(await repair.readRow(key), should)
      ? {
          outcome: 'mended',
          how: `${verb(should)} at the present clock, since a deletion hides what is older`,
        }
      : { outcome: 'left', how: 'something newer than the present hides what is written: is a clock ahead?' }
  } catch (error) {
    return { outcome: 'left', how: messageOf(error) }
  }
}

function clockFor(
  { generation }: RowRepair,
  { clock }: FoundRow,
  { value, timestamp }: Should,
): { readonly clock: number; readonly how: string } | undefined {
  if (value === null) {
    if (clock === null) return undefined
    // Of equal clocks a deletion wins.
    const own = writeClock(Math.floor(clock / 1000), generation) ?? clock
    return { clock: Math.max(clock, own), how: 'deleted at the time of its newest cell' }
  }
  const own = writeClock(timestamp, generation)
  if (own === undefined) return undefined
  return clock === null || clock < own
    ? { clock: own, how: "written at its record's clock" }
    : { clock: clock + 1, how: 'written one above the clock of its newest cell' }
}

function verb({ value }: Should): string {
  return value === null ? 'deleted' : 'written'
}

function isAs({ value }: FoundRow, should: Should): boolean {
  if (value === null || should.value === null) return value === should.value
  return Object.entries(value).every(
    ([column, cell]) => JSON.stringify(cell) === JSON.stringify(should.value![column] ?? null),
  )
}
