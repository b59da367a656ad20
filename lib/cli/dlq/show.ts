import { Command } from 'commander'
import type { Broker } from '../../broker/broker.ts'
import { fingerprintOf } from '../../dead-letters/fingerprint.ts'
import { type Letter, ownHeaders, placeOf } from '../../dead-letters/letter.ts'
import { letterAt, lettersOf, rangesOfLetters } from '../../dead-letters/read-letters.ts'
import { RedrivenLetters } from '../../deployed/redriven-letters.ts'
import { MillraceError } from '../../errors.ts'
import { print } from '../outcome.ts'
import { connect, type ServerFlags, withServers } from '../servers/connect.ts'
import { variablesOf } from '../topology-file.ts'
import { contentOf } from './content.ts'
import { type LettersOf, lettersOfArgument, WHOSE } from './letters-of.ts'
import { letterPlace, requireFingerprint } from './place-argument.ts'

interface Flags extends ServerFlags {
  readonly showValues?: boolean
  readonly json?: boolean
}

export function dlqShowCommand(): Command {
  return withServers(new Command('show'))
    .description('one dead letter: why and where it was refused, its headers, key and value')
    .argument('<file>', WHOSE)
    .argument(
      '[which]',
      'a group, for its newest letter, or partition/offset of a letter (default: the newest)',
    )
    .option('--show-values', 'key, value and own headers as they are, not only their shape')
    .option('--json', 'as JSON')
    .action(show)
}

async function show(said: string, which: string | undefined, flags: Flags): Promise<void> {
  const whose = await lettersOfArgument(said)
  const environment = await connect(needsOf(whose), 'dlq', flags)
  try {
    const { broker } = environment
    const letter = await find(broker, whose.topic, which)
    const redriven = (await RedrivenLetters.read(broker, whose.topic)).has(letter)
    const { key, value } = await contentOf(letter, whose, environment, flags.showValues ?? false)
    const shown = { ...described(letter, redriven, flags.showValues ?? false), key, value }
    if (flags.json) print(shown)
    else process.stdout.write(textOf(shown))
  } finally {
    await environment.close()
  }
}

function needsOf(whose: LettersOf) {
  const all = whose.kind === 'topology' ? variablesOf([whose.topology]) : []
  return ['KAFKA_BROKERS', ...all.filter((name) => name === 'SCHEMA_REGISTRY_URL')] as const
}

async function find(broker: Broker, topic: string, which: string | undefined): Promise<Letter> {
  const place = which === undefined ? undefined : letterPlace(which, topic)
  if (place !== undefined) return letterAt(broker, { topic, ...place })
  const fingerprint = which === undefined ? undefined : requireFingerprint(which)
  let newest: Letter | undefined
  for await (const page of lettersOf(broker, await rangesOfLetters(broker, topic)))
    newest = page.findLast((one) => fingerprint === undefined || fingerprintOf(one) === fingerprint) ?? newest
  if (newest !== undefined) return newest
  const what = fingerprint === undefined ? 'dead letter' : `dead letter of group ${fingerprint}`
  throw new MillraceError('MISSING', `there is no ${what} in ${topic}`, { topic })
}

function described(letter: Letter, redriven: boolean, showValues: boolean) {
  const { topic, partition, offset, step, code, reason, application, origin, timestamp, attempts, omitted } =
    letter
  return {
    letter: `${topic}/${partition}/${offset}`,
    group: fingerprintOf(letter),
    step,
    code,
    reason,
    application,
    record: placeOf(origin),
    timestamp: new Date(timestamp).toISOString(),
    attempts,
    redriven,
    ...(omitted !== undefined && { omitted }),
    headers: ownHeaders(letter).map(([name, value]) => ({
      name,
      value: showValues ? String(value) : `${value.length} bytes`,
    })),
  }
}

type Shown = ReturnType<typeof described> & { readonly key: unknown; readonly value: unknown }

function textOf({ headers, key, value, ...rest }: Shown): string {
  const line = (name: string, said: unknown) => `${name.padEnd(12)}${String(said)}\n`
  return [
    ...Object.entries(rest).map(([name, said]) => line(name, said)),
    ...headers.map(({ name, value }) => line('header', `${name}: ${value}`)),
    line('key', typeof key === 'string' ? key : JSON.stringify(key)),
    line('value', typeof value === 'string' ? value : JSON.stringify(value, null, 2)),
  ].join('')
}
