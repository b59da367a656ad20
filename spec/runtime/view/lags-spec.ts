import { expect } from 'chai'
import type { BrokerAdmin } from '../../../lib/broker/broker.ts'
import { MillraceError } from '../../../lib/errors.ts'
import { Lags } from '../../../lib/runtime/view/lags.ts'

const at = (offset: number, timestamp?: number) => ({ topic: 'in', partition: 0, offset, timestamp })

describe('how far tasks are behind', () => {
  let asked = 0
  const admin = (answer: () => Promise<number>) => {
    const offsets = async () => {
      asked++
      return [{ partition: 0, earliest: 0, end: await answer() }]
    }
    return { offsets } as unknown as BrokerAdmin
  }
  const lags = (answer: () => Promise<number>) => new Lags(admin(answer), () => 10_000)
  beforeEach(() => {
    asked = 0
  })

  it('should be the records behind the position, and the age of the newest one processed', async () => {
    expect(await lags(async () => 10).of(at(7, 4000))).to.deep.equal({ records: 3, ms: 6000 })
  })

  it('should be nothing at the end, however old the last record', async () => {
    expect(await lags(async () => 10).of(at(10, 4000))).to.deep.equal({ records: 0, ms: 0 })
  })

  it('should not be less than nothing while an end that was asked for before is believed', async () => {
    expect(await lags(async () => 10).of(at(12, 4000))).to.deep.equal({ records: 0, ms: 0 })
  })

  it('should not be told in time before anything was read', async () => {
    expect(await lags(async () => 10).of(at(0))).to.deep.equal({ records: 10, ms: undefined })
  })

  it('should not be known while the broker is away', async () => {
    const away = lags(() => Promise.reject(new MillraceError('UNREACHABLE', 'away')))
    expect(await away.of(at(0, 0))).to.deep.equal({ records: undefined, ms: undefined })
  })

  it('should ask for a topic once for all that ask at the same time', async () => {
    const known = lags(async () => 10)
    await Promise.all([known.of(at(1, 0)), known.of(at(2, 0)), known.ofAll([at(3, 0)])])
    expect(asked).to.equal(1)
  })

  it('should add up over inputs, the oldest counting, and not be known if one is not', async () => {
    const known = lags(async () => 10)
    expect(await known.ofAll([at(9, 1000), at(8, 2000)])).to.deep.equal({ records: 3, ms: 9000 })
    expect(await known.ofAll([{ ...at(9, 1000), partition: 1 }, at(8, 2000)])).to.deep.equal({
      records: undefined,
      ms: undefined,
    })
    expect(await known.ofAll([])).to.deep.equal({ records: 0, ms: 0 })
  })
})
