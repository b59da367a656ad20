import { expect } from 'chai'
import { duration } from '../../lib/duration.ts'
import { type TestDriver, testDriver } from '../../lib/testing/index.ts'
import type { JoinWindows } from '../../lib/windows/join-windows.ts'
import type { Windowed } from '../../lib/windows/windowed.ts'
import { stepsOf, type TimeLine, timeLineOf } from './drawing.ts'
import { saidIn, topicsIn } from './said-in-code.ts'

/** Not a topic: the wall clock goes on by what is drawn, such as `+1s`. */
const CLOCK = 'clock'

/** Runs an example's code on what is drawn to come in, and compares with all that is drawn to come out. */
export async function playDrawing(code: string, drawing: string): Promise<void> {
  if (drawing.startsWith('time ')) await playTimeLine(code, drawing)
  else await playSteps(code, drawing)
}

async function playSteps(code: string, drawing: string): Promise<void> {
  const inputs = [...topicsIn(code), CLOCK]
  const steps = stepsOf(drawing, (label) => inputs.includes(label))
  const rows = [...drawing.matchAll(/^\w+/gm)].map(([label]) => label)
  const shown = [...new Set(rows)].filter((label) => !inputs.includes(label))
  expect(steps.length * shown.length, 'a drawing has inputs and outputs').to.be.greaterThan(0)
  const { topology, endOf } = saidIn(code, shown)
  const driver = await testDriver(topology)
  for (const { row, text, below } of steps) {
    await feed(driver, row, text)
    const came = Object.fromEntries(shown.map((name) => [name, outputsOf(driver, name, endOf(name))]))
    const drawn = Object.fromEntries(shown.map((name) => [name, below.get(name) ?? []]))
    expect(came, `after ${row} ${text}`).to.deep.equal(drawn)
  }
  expect(driver.deadLetters).to.deep.equal([])
  await driver.close()
}

async function feed(driver: TestDriver, row: string, text: string): Promise<void> {
  if (row === CLOCK) return driver.advanceWallClock(duration(text.replace('+', '')))
  const record = /^(\w+):(.+)@(\d+)$/.exec(text)
  if (record === null) throw new Error(`"${text}" is no record: draw key:value@time`)
  const [key, value] = record.slice(1, 3).map((part) => (part === 'null' ? null : part))
  await driver.pipe(row, { key, value: value!, timestamp: Number(record[3]) })
}

function outputsOf(driver: TestDriver, name: string, end: string): string[] {
  return driver.read(name).map(({ key, value, timestamp }) => `${keyText(key, end)}${value}@${timestamp}`)
}

function keyText(key: unknown, end: string): string {
  if (typeof key !== 'object' || key === null) return `${key}:`
  const windowed = key as Windowed<string>
  return `${windowed.key}[${windowed.start},${windowed.end}${end}=`
}

/** Rows of records, all of one key, and bars: the windows of what `const result` is, or those of a join. */
async function playTimeLine(code: string, drawing: string): Promise<void> {
  const inputs = topicsIn(code)
  const line = timeLineOf(drawing, (label) => inputs.includes(label))
  const { topology, declared, endOf } = saidIn(code, ['result'])
  const driver = await testDriver(topology)
  const records = [...line.records].flatMap(([row, marks]) => marks.map((mark) => ({ row, ...mark })))
  for (const { row, letter, time } of records.toSorted((a, b) => a.time - b.time)) {
    await driver.pipe(row, { key: 'k', value: letter, timestamp: time })
  }
  expect([...line.records.keys()].sort()).to.deep.equal(inputs.toSorted())
  const { windows } = declared as { readonly windows?: JoinWindows }
  if (windows === undefined) compareWindows(line, driver, endOf('result'))
  else compareJoin(line, driver, windows)
  await driver.close()
}

/** Each window, with the letters of its records. */
function compareWindows({ bars }: TimeLine, driver: TestDriver, end: string): void {
  const last = new Map<string, unknown>()
  for (const { key, value } of driver.read('result')) last.set(keyText(key, end), value)
  const windows = [...last]
    .filter(([, value]) => value !== null)
    .map(([window, value]) => `${window}${value}`)
  const drawn = bars.map(
    ({ start, end: to, closed, letters }) => `k[${start},${to}${closed ? ']' : ')'}=${letters}`,
  )
  expect(windows).to.have.members(drawn)
}

/** Each left record in a bar that reaches as far as its window; the pairs are those of a bar and what is above it. */
function compareJoin({ records, bars }: TimeLine, driver: TestDriver, { before, after }: JoinWindows): void {
  const [left, right] = [records.get('left')!, records.get('right')!]
  const drawn = bars.map(({ start, end, closed, letters, first }) => ({
    closed,
    letters,
    first,
    before: first - start,
    after: end - first,
  }))
  const said = left.map(({ letter, time }) => ({ closed: true, letters: letter, first: time, before, after }))
  expect(drawn).to.deep.equal(said)
  const pairs = bars.flatMap(({ start, end, letters }) => {
    return right.filter(({ time }) => start <= time && time <= end).map(({ letter }) => letters + letter)
  })
  expect(driver.read('result').map(({ value }) => value)).to.have.members(pairs)
}
