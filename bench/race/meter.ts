import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync } from 'node:fs'
import { join } from 'node:path'
import { cpuSecondsOfChildren, parentOf, residentBytesOf } from './proc.ts'

/** CPU time and memory of one process and of all that it starts. */
export interface Meter {
  /** The same command, to be started where it is measured. */
  within(argv: readonly string[]): readonly string[]
  /** Sum over its processes; what they share counts for each. @param pid of what was started. */
  residentBytes(pid: number): number
  /** Of all of them, once they have ended. */
  cpuSeconds(): number
  close(): void
}

const ROOT = '/sys/fs/cgroup'

/** By a control group of its own where one can be made, else by what /proc says. */
export function openMeter(name: string): Meter {
  const isV2 = existsSync(join(ROOT, 'cgroup.controllers'))
  const folder = isV2 ? join(ROOT, name) : join(ROOT, 'cpuacct', name)
  try {
    mkdirSync(folder)
  } catch {
    return procMeter()
  }
  return groupMeter(folder, isV2 ? usageOfV2 : usageOfV1)
}

function groupMeter(folder: string, cpuSeconds: (folder: string) => number): Meter {
  const members = join(folder, 'cgroup.procs')
  return {
    within: (argv) => ['sh', '-c', 'echo $$ > "$0" && exec "$@"', members, ...argv],
    residentBytes: () => sumOf(readFileSync(members, 'utf8').split('\n').filter(Boolean).map(Number)),
    cpuSeconds: () => cpuSeconds(folder),
    close: () => rmdirSync(folder),
  }
}

function usageOfV1(folder: string): number {
  return Number(readFileSync(join(folder, 'cpuacct.usage'), 'utf8')) / 1e9
}

function usageOfV2(folder: string): number {
  return Number(/^usage_usec (\d+)/m.exec(readFileSync(join(folder, 'cpu.stat'), 'utf8'))![1]) / 1e6
}

/** Only one at a time: the children of this process are counted together. */
function procMeter(): Meter {
  const before = cpuSecondsOfChildren()
  return {
    within: (argv) => argv,
    residentBytes: (pid) => sumOf(withDescendants(pid)),
    cpuSeconds: () => cpuSecondsOfChildren() - before,
    close() {},
  }
}

function sumOf(pids: readonly number[]): number {
  return pids.reduce((sum, pid) => sum + residentBytesOf(pid), 0)
}

function withDescendants(first: number): readonly number[] {
  const pids = readdirSync('/proc').map(Number).filter(Number.isInteger)
  const parents = new Map(pids.map((pid) => [pid, parentOf(pid)]))
  const found = new Set([first])
  // A child may have a lower number than its parent: until nothing is added.
  for (let before = 0; before < found.size; ) {
    before = found.size
    for (const [pid, parent] of parents) if (parent !== undefined && found.has(parent)) found.add(pid)
  }
  return [...found]
}
