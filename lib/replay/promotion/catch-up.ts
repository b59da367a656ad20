import { MillraceError } from '../../errors.ts'
import type { Position } from '../../record.ts'
import type { Guarantee } from '../../topology/nodes.ts'
import { startReplay } from '../replay.ts'
import { type ReplayRecord, readReplays } from '../replay-record.ts'
import { shadowApplication } from '../shadow.ts'
import type { NamedShadow } from '../shadow-record.ts'

export interface CatchingUp extends NamedShadow {
  readonly stateDir: string
  readonly guarantee?: Guarantee | undefined
}

/** @throws MillraceError `CONFIG` while a replay into the shadow is not done. */
export async function requireReplayed({
  environment,
  application,
  name,
}: NamedShadow): Promise<ReplayRecord> {
  const replay = (await readReplays(environment, application)).find((one) => one.name === name)?.value
  if (replay?.state === 'done') return replay
  throw new MillraceError(
    'CONFIG',
    `the replay into shadow "${name}" is not done: \`millrace replay FILE --into ${name}\` goes on with it`,
    { application },
  )
}

/** Has the shadow read its inputs up to these positions; beyond them it may be already. Returns how many offsets that was. */
export async function catchUp(shadow: CatchingUp, to: readonly Position[]): Promise<number> {
  const { environment, application, name } = shadow
  const replay = await requireReplayed(shadow)
  const own = shadowApplication(application, name)
  const topics = [...new Set(replay.begin.map(({ topic }) => topic))]
  const at = byPlace(await environment.broker.admin.committed(own, topics))
  const ends = byPlace(to)
  const begin = replay.begin.map((one) => ({ ...one, offset: at.get(placeOf(one)) ?? one.offset }))
  const ranges = begin.flatMap(({ topic, partition, offset }) => {
    const end = ends.get(`${topic}/${partition}`) ?? offset
    return end > offset ? [{ topic, partition, from: offset, to: end }] : []
  })
  if (ranges.length === 0) return 0
  const record: ReplayRecord = { ...replay, ranges, begin, state: 'begun' }
  const { ended } = await startReplay({ ...shadow, into: true, record })
  await ended
  return ranges.reduce((sum, range) => sum + range.to - range.from, 0)
}

function byPlace(positions: readonly Position[]): ReadonlyMap<string, number> {
  return new Map(positions.map((one) => [placeOf(one), one.offset]))
}

function placeOf({ topic, partition }: Position): string {
  return `${topic}/${partition}`
}
