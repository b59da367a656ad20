import { Command } from 'commander'
import { type LetterGroup, LetterGroups } from '../../dead-letters/letter-groups.ts'
import { lettersOf, rangesOfLetters } from '../../dead-letters/read-letters.ts'
import { RedrivenLetters } from '../../deployed/redriven-letters.ts'
import { print, table } from '../outcome.ts'
import { connect, type ServerFlags, withServers } from '../servers/connect.ts'
import { lettersOfArgument, WHOSE } from './letters-of.ts'

interface Flags extends ServerFlags {
  readonly json?: boolean
}

export function dlqLsCommand(): Command {
  return withServers(new Command('ls'))
    .description('dead letters by the step that refused them and the kind of reason, the most first')
    .argument('<file>', WHOSE)
    .option('--json', 'as JSON')
    .addHelpText(
      'after',
      '\nTimes are those of the records. A kind is told by the reason without numbers, ids, times and quoted values.',
    )
    .action(ls)
}

async function ls(said: string, flags: Flags): Promise<void> {
  const { topic } = await lettersOfArgument(said)
  const { broker, close } = await connect(['KAFKA_BROKERS'], 'dlq', flags)
  try {
    const groups = new LetterGroups(await RedrivenLetters.read(broker, topic))
    for await (const page of lettersOf(broker, await rangesOfLetters(broker, topic)))
      for (const letter of page) groups.add(letter)
    const all = groups.all.map(({ first, last, ...group }) => ({
      ...group,
      first: new Date(first).toISOString(),
      last: new Date(last).toISOString(),
    }))
    const letters = all.reduce((sum, { count }) => sum + count, 0)
    const redriven = all.reduce((sum, group) => sum + group.redriven, 0)
    if (flags.json) print({ topic, letters, redriven, groups: all })
    else process.stdout.write(textOf(topic, letters, redriven, all))
  } finally {
    await close()
  }
}

type Shown = Omit<LetterGroup, 'first' | 'last'> & { readonly first: string; readonly last: string }

const HEADER = ['group', 'step', 'letters', 'redriven', 'attempts', 'first', 'last', 'reason']

function textOf(topic: string, letters: number, redriven: number, groups: readonly Shown[]): string {
  if (letters === 0) return `${topic}: no dead letters\n`
  const rows = groups.map(({ fingerprint, step, count, redriven, attempts, first, last, code, reason }) => [
    ...[fingerprint, step, count, redriven, attempts],
    ...[first, last, `${code}: ${reason}`],
  ])
  const kinds = groups.length === 1 ? '1 group' : `${groups.length} groups`
  return `${topic}: ${letters} dead letters in ${kinds}, ${redriven} redriven\n${table(HEADER, rows)}\n`
}
