/** `npm run bench -- NAME…`: each workload prints JSON lines. Figures are ratios, or beside the bare code of the same run. */
import { cpus } from 'node:os'
import { operatorCost } from './operator-cost.ts'
import { restoreThroughput } from './restore.ts'
import { w2Counts } from './w2-counts.ts'
import type { Workload } from './workload.ts'

const WORKLOADS: Readonly<Record<string, Workload>> = {
  'operator-cost': operatorCost,
  restore: restoreThroughput,
  'w2-counts': w2Counts,
}

const names = process.argv.slice(2)
const unknown = names.find((name) => !Object.hasOwn(WORKLOADS, name))
if (names.length === 0 || names.includes('--help') || unknown !== undefined) {
  const say = unknown === undefined || unknown === '--help' ? console.log : console.error
  if (say === console.error) say(`there is no benchmark "${unknown}"`)
  say(`usage: npm run bench -- NAME…\nbenchmarks: ${Object.keys(WORKLOADS).join(', ')}`)
  process.exitCode = say === console.error || names.length === 0 ? 2 : 0
} else {
  for (const name of names) {
    for await (const result of WORKLOADS[name]!()) {
      const machine = `${cpus().length} x ${cpus()[0]?.model}, node ${process.version}`
      console.log(JSON.stringify({ bench: name, ...result, machine, at: new Date().toISOString() }))
    }
  }
}
