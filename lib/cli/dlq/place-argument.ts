import { MillraceError } from '../../errors.ts'

export interface LetterPlace {
  readonly partition: number
  readonly offset: number
}

/** `partition/offset`, also behind `topic/`; undefined where it is of another form. */
export function letterPlace(said: string, topic: string): LetterPlace | undefined {
  const own = said.startsWith(`${topic}/`) ? said.slice(topic.length + 1) : said
  const [, partition, offset] = /^(\d+)\/(\d+)$/.exec(own) ?? []
  return offset === undefined ? undefined : { partition: Number(partition), offset: Number(offset) }
}

/** @throws MillraceError `CONFIG` for another form. */
export function requirePlace(said: string, topic: string): LetterPlace {
  const place = letterPlace(said, topic)
  if (place !== undefined) return place
  throw new MillraceError(
    'CONFIG',
    `"${said}" is no letter of ${topic}: give its partition/offset there, like 0/12`,
  )
}

const FINGERPRINT = /^[0-9a-f]{8}$/

/** @throws MillraceError `CONFIG` for what `dlq ls` does not print as a group. */
export function requireFingerprint(said: string): string {
  if (FINGERPRINT.test(said)) return said
  throw new MillraceError('CONFIG', `"${said}" is no group: \`millrace dlq ls\` lists them, like 1f3a90bc`)
}
