import { expect } from 'chai'
import {
  aggregate,
  count,
  drops,
  json,
  type SessionWindows,
  session,
  sink,
  topic,
  topology,
  type WindowOptions,
  window,
} from '../../lib/index.ts'
import { testDriver } from '../../lib/testing/index.ts'
import { failureOf } from '../contract/failure-of.ts'
import { stateFolders } from '../state/state-folder.ts'
import { driven, type Short } from '../support/driven.ts'
import { drivenWindows, shownSince, windowed } from '../support/driven-windows.ts'

const folder = stateFolders()

const counted = (windows: SessionWindows, options: WindowOptions = {}) =>
  windowed<string>((input) => input.pipe(window('visits', windows, options), count('counts')))

/** The values of each session, joined; `!` deletes it, `?` is an error. */
const collected = (windows: SessionWindows, options: WindowOptions = {}) =>
  windowed<string | null>((input) =>
    input.pipe(
      window('visits', windows, options),
      aggregate(
        'all',
        () => '',
        (all, value) => {
          if (value === '?') throw new Error('no such value')
          return value === '!' ? null : `${all}+${value}`
        },
        { merge: (earlier, later) => `${earlier}${later}` },
      ),
    ),
  )

const at = (...times: readonly number[]): Short[] => times.map((time) => ['a', 'x', time])

describe('sessions', () => {
  it('should make nothing of nothing', async () => {
    expect((await drivenWindows(counted(session(5)), [])).shown).to.deep.equal([])
  })

  it('should be a single point for one record', async () => {
    expect((await drivenWindows(counted(session(5)), at(10))).shown).to.deep.equal(['a@10-10 = 1 at 10'])
  })

  it('should hold records that are the gap apart, and no further', async () => {
    expect((await drivenWindows(counted(session(5)), at(10, 15, 21))).shown).to.deep.equal([
      'a@10-10 = 1 at 10',
      'a@10-10 = null at 10',
      'a@10-15 = 2 at 15',
      'a@21-21 = 1 at 21',
    ])
  })

  it('should be taken back, and shown again, though a record inside changes no bounds', async () => {
    expect((await drivenWindows(counted(session(5)), at(10, 14, 12))).shown.slice(3)).to.deep.equal([
      'a@10-14 = null at 14',
      'a@10-14 = 3 at 14',
    ])
  })

  it('should not be taken back where all records have one time', async () => {
    expect((await drivenWindows(counted(session(5)), at(10, 10))).shown).to.deep.equal([
      'a@10-10 = 1 at 10',
      'a@10-10 = 2 at 10',
    ])
  })

  it('should become one by a record between them, the earlier first', async () => {
    const { shown } = await drivenWindows(collected(session(5, { grace: 20 })), [
      ['a', 'late', 22],
      ['a', 'early', 10],
      ['b', 'other', 16],
      ['a', 'between', 17],
    ])
    expect(shown.slice(2)).to.deep.equal([
      'b@16-16 = +other at 16',
      // 10 is more than the gap before 17.
      'a@22-22 = null at 22',
      'a@17-22 = +late+between at 22',
    ])
    const bridged = await drivenWindows(collected(session(6, { grace: 20 })), [
      ['a', 'late', 22],
      ['a', 'early', 10],
      ['a', 'between', 16],
    ])
    expect(bridged.shown.slice(2)).to.deep.equal([
      'a@10-10 = null at 10',
      'a@22-22 = null at 22',
      'a@10-22 = +early+late+between at 22',
    ])
  })

  it('should take a late record while gap and grace last, and later as part of a living session', async () => {
    const said = counted(session(5, { grace: 10 }), { retention: 1000 })
    const { shown, counters } = await drivenWindows(said, [
      ['b', 'x', 25],
      ['a', 'x', 10],
      ['b', 'x', 26],
      ['a', 'x', 10],
      ['c', 'x', 11],
      ['c', 'x', 10],
    ])
    expect(shown.filter((update) => !update.startsWith('b'))).to.deep.equal([
      'a@10-10 = 1 at 10',
      'c@11-11 = 1 at 11',
      'c@11-11 = null at 11',
      'c@10-11 = 2 at 11',
    ])
    expect(counters.get('counts', 'late')).to.equal(1)
  })

  it('should have forgotten, without a longer retention, a session in the last millisecond in which it may grow', async () => {
    const inputs: Short[] = [...at(10), ['b', 'x', 25], ...at(10)]
    const windows = session(5, { grace: 10 })
    const own = async (options: WindowOptions) => {
      const { shown } = await drivenWindows(counted(windows, options), inputs)
      return shown.filter((update) => update.startsWith('a'))
    }
    expect(await own({})).to.deep.equal(['a@10-10 = 1 at 10', 'a@10-10 = 1 at 10'])
    expect(await own({ retention: 16 })).to.deep.equal(['a@10-10 = 1 at 10', 'a@10-10 = 2 at 10'])
  })

  it('should count records without a value, and ignore those without a key, whose time they do not take', async () => {
    const { shown, counters } = await drivenWindows(counted(session(5)), [
      [null, 'x', 100],
      ['a', null, 5],
    ])
    expect(shown).to.deep.equal(['a@5-5 = 1 at 5'])
    expect(counters.get('counts', 'null-key')).to.equal(1)
  })

  it('should be deleted by a null, and begin anew', async () => {
    const { shown } = await drivenWindows(collected(session(5)), [
      ['a', 'x', 10],
      ['a', '!', 12],
      ['a', 'y', 13],
    ])
    expect(shown).to.deep.equal([
      'a@10-10 = +x at 10',
      'a@10-10 = null at 10',
      'a@10-12 = null at 12',
      'a@13-13 = +y at 13',
    ])
  })

  it('should stay as they are when the callback throws', async () => {
    const { shown, letters } = await drivenWindows(collected(session(5)), [
      ['a', 'x', 10],
      ['a', '?', 12],
      ['a', 'y', 14],
    ])
    expect(letters).to.deep.equal(['all: Error: no such value'])
    expect(shown).to.deep.equal(['a@10-10 = +x at 10', 'a@10-10 = null at 10', 'a@10-14 = +x+y at 14'])
  })

  it('should carry no headers while they grow', async () => {
    const driver = await testDriver(counted(session(5)))
    for (const timestamp of [10, 12]) {
      await driver.pipe('in', { key: 'a', value: 'x', timestamp, headers: [['h', Buffer.from('own')]] })
    }
    expect(driver.read('out').map(({ headers }) => headers.length)).to.deep.equal([0, 0, 0])
    await driver.close()
  })

  it('should say in their drops which session a late record would have made', async () => {
    const said = topology('spec', ({ source }) => {
      source('input', topic('in', { value: json<string>() })).pipe(
        window('visits', session(5)),
        count('counts'),
        drops('late'),
        sink('out', topic('out', { value: json() })),
      )
    })
    const { out } = await driven(said, [...at(100), ['b', 'x', 90]])
    const drop = { step: 'counts', reason: 'late', value: 'x', window: { start: 90, end: 90 }, lateBy: 10 }
    expect(out).to.deep.equal([['b', drop, 90]])
  })

  it('should be refused without a way to become one', () => {
    const said = () =>
      windowed<string>((input) =>
        input.pipe(
          window('visits', session(5)),
          aggregate(
            'all',
            () => '',
            (all) => all,
          ),
        ),
      )
    expect(failureOf(said)).to.match(/step "all" aggregates sessions: say how two become one/)
  })
})

describe('sessions that are emitted when they close', () => {
  const closing = { emit: 'close' } as const

  it('should come once, when nothing can extend them any more', async () => {
    const said = counted(session(5, { grace: 10 }), closing)
    const shownUpTo = async (time: number) =>
      (await drivenWindows(said, [...at(10, 12, 8), ['b', 'x', time]])).shown
    expect(await shownUpTo(27)).to.deep.equal([])
    expect(await shownUpTo(28)).to.deep.equal(['a@8-12 = 3 at 12'])
  })

  it('should come by end, then key, with the headers of the record that closed them', async () => {
    const driver = await testDriver(counted(session(5, { grace: 50 }), closing))
    for (const [key, timestamp] of [
      ['b', 30],
      ['b', 10],
      ['a', 10],
      ['c', 3],
    ] as const) {
      await driver.pipe('in', { key, value: 'x', timestamp, headers: [['h', Buffer.from('own')]] })
    }
    await driver.pipe('in', {
      key: 'z',
      value: 'x',
      timestamp: 200,
      headers: [['h', Buffer.from('closing')]],
    })
    const read = driver.read('out')
    expect(read.map(({ key }) => key)).to.deep.equal([
      { key: 'c', start: 3, end: 3 },
      { key: 'a', start: 10, end: 10 },
      { key: 'b', start: 10, end: 10 },
      { key: 'b', start: 30, end: 30 },
    ])
    expect(read.map(({ headers }) => String(headers[0]?.[1]))).to.deep.equal(Array(4).fill('closing'))
    await driver.close()
  })

  it('should not be lost when time jumps, unless a retention was said', async () => {
    const inputs = [...at(10), ['b', 'x', 10_000_000]] as Short[]
    const shown = async (options: WindowOptions) =>
      (await drivenWindows(counted(session(5), { ...closing, ...options }), inputs)).shown
    expect(await shown({})).to.deep.equal(['a@10-10 = 1 at 10'])
    expect(await shown({ retention: 5 })).to.deep.equal([])
    expect(await shown({ retention: 20_000_000 })).to.deep.equal(['a@10-10 = 1 at 10'])
  })

  it('should come once though the process dies: how far they came is saved with them', async () => {
    const driver = await testDriver(counted(session(5), closing), { stores: { dir: folder() } })
    await driver.pipe('in', { key: 'a', value: 'x', timestamp: 10 })
    await driver.crash()
    await driver.pipe('in', { key: 'a', value: 'x', timestamp: 12 })
    await driver.pipe('in', { key: 'b', value: 'x', timestamp: 18 })
    expect(shownSince(driver)).to.deep.equal(['a@10-12 = 2 at 12'])
    await driver.crash()
    await driver.pipe('in', { key: 'b', value: 'x', timestamp: 19 })
    expect(shownSince(driver)).to.deep.equal([])
    await driver.close()
  })
})
