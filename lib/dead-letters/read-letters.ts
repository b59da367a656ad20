import type { Broker, Range } from '../broker/broker.ts'
import { MillraceError } from '../errors.ts'
import type { TopicPartition } from '../record.ts'
import { type Letter, letterOf } from './letter.ts'

/** The whole of a topic of dead letters as it is now. @throws MillraceError `MISSING` where there is no such topic. */
export async function rangesOfLetters(broker: Broker, topic: string): Promise<Range[]> {
  if ((await broker.admin.topics([topic])).length === 0) {
    const cure = '`millrace apply` creates those of a topology'
    throw new MillraceError('MISSING', `there is no topic ${topic}: ${cure}`, { topic })
  }
  const offsets = await broker.admin.offsets(topic)
  return offsets
    .filter(({ earliest, end }) => end > earliest)
    .map(({ partition, earliest, end }) => ({ topic, partition, from: earliest, to: end }))
    .toSorted((a, b) => a.partition - b.partition)
}

/** In pages of one partition, partitions one after another; what is no dead letter is left out. */
export async function* lettersOf(broker: Broker, ranges: readonly Range[]): AsyncGenerator<Letter[]> {
  for (const range of ranges) {
    for await (const { records } of broker.read([range])) {
      const letters = records.flatMap((record) => letterOf(record) ?? [])
      if (letters.length > 0) yield letters
    }
  }
}

/** @throws MillraceError `MISSING` where none is held there. */
export async function letterAt(broker: Broker, at: TopicPartition & { offset: number }): Promise<Letter> {
  const { topic, partition, offset } = at
  const held = (await rangesOfLetters(broker, topic)).some(
    (range) => range.partition === partition && range.from <= offset && offset < range.to,
  )
  const range = { topic, partition, from: offset, to: offset + 1 }
  for await (const [letter] of held ? lettersOf(broker, [range]) : []) if (letter !== undefined) return letter
  throw new MillraceError('MISSING', `there is no dead letter ${partition}/${offset} in ${topic}`, at)
}
