import { readFileSync } from 'node:fs'

/** USER_HZ, of /proc: the same on every Linux that Node runs on. */
const TICKS = 100
/** Of /proc/PID/stat, counted from behind the name, which may hold anything. */
const PARENT = 1
const OWN = [11, 12]
const CHILDRENS = [13, 14]
/** Of the first line of /proc/stat. */
const [IDLE, IOWAIT, GUEST] = [3, 4, 8]

/** Undefined where there is no such process any more. */
export function parentOf(pid: number): number | undefined {
  return statOf(pid)?.[PARENT]
}

/** Of its own so far; nothing where there is no such process any more. */
export function cpuSecondsOf(pid: number): number {
  return secondsIn(statOf(pid), OWN)
}

/** Of this process' children, and of theirs, that have ended and were waited for. */
export function cpuSecondsOfChildren(): number {
  return secondsIn(statOf('self'), CHILDRENS)
}

/** Of all processes of the machine so far. */
export function cpuSecondsOfAll(): number {
  const [line] = readFileSync('/proc/stat', 'utf8').split('\n')
  const ticks = line!
    .trim()
    .split(/\s+/)
    .slice(1, 1 + GUEST)
    .map(Number)
  return ticks.reduce((sum, one, index) => (index === IDLE || index === IOWAIT ? sum : sum + one), 0) / TICKS
}

/** Nothing where there is no such process any more. */
export function residentBytesOf(pid: number): number {
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(read(`/proc/${pid}/status`))?.[1] ?? 0) * 1024
}

function secondsIn(stat: readonly number[] | undefined, fields: readonly number[]): number {
  return stat === undefined ? 0 : fields.reduce((sum, field) => sum + stat[field]!, 0) / TICKS
}

function statOf(pid: number | 'self'): number[] | undefined {
  const text = read(`/proc/${pid}/stat`)
  return text === ''
    ? undefined
    : text
        .slice(text.lastIndexOf(')') + 2)
        .split(' ')
        .map(Number)
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}
