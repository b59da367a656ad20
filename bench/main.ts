/**
 * `npm run bench -- NAME…`: each workload prints JSON lines. Figures are ratios, or beside the bare code of the same run.
 * Races end in a summary, and in exit code 1 for wrong rows or a ratio beyond its floor in `goals.json`.
 */
import { writeFileSync } from 'node:fs'
import { constants, cpus } from 'node:os'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { w1aEmbedded, w1Embedded, w2Embedded, w3Embedded } from './embedded.ts'
import { GROWTH, growth, savePlot } from './growth.ts'
import { operatorCost } from './operator-cost.ts'
import type { Lap } from './race/race.ts'
import { readGoals, recordsOf, standings, summary } from './race/summary.ts'
import { restoreThroughput } from './restore.ts'
import { w1 } from './w1.ts'
import { w1a } from './w1a.ts'
import { w2 } from './w2.ts'
import { w2Counts } from './w2-counts.ts'
import { w3 } from './w3.ts'
import { w4, w4Embedded } from './w4.ts'
import { w5, w5Embedded } from './w5.ts'
import { w6, w6Embedded } from './w6.ts'
import { w7, w7Embedded } from './w7.ts'
import type { RaceOptions, RaceWorkload, Result, Workload } from './workload.ts'

const RACES: Readonly<Record<string, RaceWorkload>> = {
  ...{ w1, w1a, w2, w3, w4, w5, w6, w7 },
  ...{ 'w1-embedded': w1Embedded, 'w1a-embedded': w1aEmbedded, 'w2-embedded': w2Embedded },
  ...{ 'w3-embedded': w3Embedded, 'w4-embedded': w4Embedded },
  ...{ 'w5-embedded': w5Embedded, 'w6-embedded': w6Embedded, 'w7-embedded': w7Embedded },
  ...Object.fromEntries(Object.entries(GROWTH).map(([name, series]) => [name, growth(series)])),
}
const WORKLOADS: Readonly<Record<string, Workload>> = {
  'operator-cost': operatorCost,
  restore: restoreThroughput,
  'w2-counts': w2Counts,
}
const NAMES = [...Object.keys(RACES), ...Object.keys(WORKLOADS)]
const USAGE = `usage: npm run bench -- NAME… [--rounds 3] [--records 1000000] [--only TEXT]… [--save]
benchmarks: ${NAMES.join(', ')}
  --rounds   how often each contestant of a race runs
  --records  of the input of a race
  --only     contestants whose name has this in it
  --save     the summary, and the plot of what grows, in bench/results`

// An exit, unlike the death by signal that is the default, ends the servers and contestants that were started.
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => process.exit(128 + constants.signals[signal]))
}
const options = argumentsOf()
if (options !== undefined) {
  for (const name of options.names) {
    if (Object.hasOwn(RACES, name)) await race(name, options.race)
    else for await (const result of WORKLOADS[name]!()) print(name, result)
  }
}

async function race(name: string, raceOptions: RaceOptions): Promise<void> {
  const laps: Lap[] = []
  for await (const lap of RACES[name]!(raceOptions)) {
    laps.push(lap)
    print(name, { ...lap })
  }
  const goals = readGoals().filter(({ workload }) => workload === name)
  const found = standings(goals, laps)
  const said = summary(laps, found)
  console.log(`\n${said}\n`)
  if (raceOptions.save) {
    writeFileSync(
      resultFile(`${name}.md`),
      `${[`# ${name}`, ranOn(raceOptions.rounds, laps), said].join('\n\n')}\n`,
    )
    if (Object.hasOwn(GROWTH, name)) savePlot(resultFile(`${name}.svg`), GROWTH[name]!, laps)
  }
  if (laps.some(({ right }) => !right) || found.some(({ met }) => !met)) process.exitCode = 1
}

function print(bench: string, result: Result): void {
  console.log(JSON.stringify({ bench, ...result, machine: machine(), at: new Date().toISOString() }))
}

function machine(): string {
  return `${cpus().length} x ${cpus()[0]?.model}, node ${process.version}`
}

function ranOn(rounds: number, laps: readonly Lap[]): string {
  const times = rounds === 1 ? 'One round' : `Medians of ${rounds} rounds`
  const [records, ...others] = recordsOf(laps)
  const of = records === undefined || others.length > 0 ? '' : ` of ${records.toLocaleString('en')} records`
  const day = new Date().toISOString().slice(0, 10)
  return `${times}${of}. ${day}, ${machine()}, servers on the same machine.`
}

function resultFile(file: string): string {
  return fileURLToPath(new URL(`results/${file}`, import.meta.url))
}

/** Undefined where there is nothing to run: that is said. */
function argumentsOf(): { names: readonly string[]; race: RaceOptions } | undefined {
  try {
    const { positionals: names, values } = parseArgs({
      allowPositionals: true,
      options: {
        rounds: { type: 'string', default: '3' },
        records: { type: 'string', default: '1000000' },
        save: { type: 'boolean', default: false },
        only: { type: 'string', multiple: true, default: [] },
        help: { type: 'boolean', short: 'h', default: false },
      },
    })
    const unknown = names.find((name) => !NAMES.includes(name))
    if (unknown !== undefined) throw new Error(`there is no benchmark "${unknown}"`)
    if (!values.help && names.length > 0) {
      const isWanted = (name: string) =>
        values.only.length === 0 || values.only.some((text) => name.includes(text))
      const [rounds, records] = [whole('rounds', values.rounds), whole('records', values.records)]
      return { names, race: { rounds, records, isWanted, save: values.save } }
    }
    console.log(USAGE)
    process.exitCode = values.help ? 0 : 2
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : error}\n${USAGE}`)
    process.exitCode = 2
  }
  return undefined
}

function whole(name: string, text: string): number {
  if (!/^[1-9]\d*$/.test(text)) throw new Error(`--${name} is a number from 1, not "${text}"`)
  return Number(text)
}
