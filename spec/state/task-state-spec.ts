import { expect } from 'chai'
import {
  count,
  type Forward,
  json,
  process,
  sink,
  suppress,
  topic,
  topology,
  toStream,
  tumbling,
  untilTimeLimit,
  window,
  windowStore,
} from '../../lib/index.ts'
import { testDriver } from '../../lib/testing/index.ts'
import { driven } from '../support/driven.ts'

describe('state of a task', () => {
  it('should keep apart the times of a step called "store" and of a store called "0"', async () => {
    const said = topology('spec', ({ source }) => {
      const input = source('input', topic('in', { value: json<string>() }))
      input.pipe(window('tens', tumbling(10)), count('store'))
      input.pipe(
        process(
          'kept',
          { stores: { own: windowStore<string>('0', { retention: 5 }) } },
          ({ stores: { own } }, forward: Forward<number>) =>
            (value) => {
              own.put('key', value, 3)
              forward({ value: [...own.all()].length })
            },
        ),
        sink('out', topic('out', { value: json() })),
      )
    })
    expect((await driven(said, [['a', 'x', 1000]])).out).to.deep.equal([['a', 1, 1000]])
  })

  it('should keep apart the task\'s own time and that of a step called "task"', async () => {
    const said = topology('spec', ({ source, table }) => {
      const rows = table('rows', topic('in', { value: json<string>() }))
      rows.pipe(
        suppress('task', untilTimeLimit(10, { whenFull: 'fail' })),
        toStream('updates'),
        sink('out', topic('out', { value: json() })),
      )
      source('other', topic('other', { value: json<string>() })).pipe(
        process('asks', { tables: { rows } }, () => () => {}),
        sink('nothing', topic('nothing', { value: json() })),
      )
    })
    const driver = await testDriver(said)
    await driver.pipe('other', { key: 'a', value: 'later', timestamp: 1000 })
    await driver.pipe('in', { key: 'a', value: 'x', timestamp: 1 })
    expect(driver.read('out')).to.deep.equal([])
    await driver.close()
  })
})
