import { expect } from 'chai'
import type { BrokerAdmin } from '../../lib/broker/broker.ts'
import { MillraceError } from '../../lib/errors.ts'
import { Idleness } from '../../lib/runtime/idleness.ts'
import { adminWith } from './ports.ts'

/** Partition 0 of each topic ends at 10. */
const admin = adminWith([])
const at = (topic: string, offset: number) => ({ topic, partition: 0, offset })

describe('idleness', () => {
  it('should be where every input has been read to its end', async () => {
    expect(await new Idleness(admin, [at('a', 10), at('b', 10)], 0).now()).to.equal(true)
    expect(await new Idleness(admin, [at('a', 10), at('b', 9)], 0).now()).to.equal(false)
  })

  it('should come with the position behind the last record, and go with the next', async () => {
    const idleness = new Idleness(admin, [at('a', 3)], 0)
    expect(await idleness.now()).to.equal(false)
    idleness.read([at('a', 10)])
    expect(await idleness.now()).to.equal(true)
    idleness.read([at('a', 9)])
    expect(await idleness.now()).to.equal(false)
  })

  it('should not be before its time-out, nor ever where that is Infinity', async () => {
    for (const timeout of [60_000, Number.POSITIVE_INFINITY])
      expect(await new Idleness(admin, [at('a', 10)], timeout).now()).to.equal(false)
  })

  it('should not be while the broker is away, and reject with what waiting can not cure', async () => {
    const failing = (error: MillraceError): BrokerAdmin => ({
      ...admin,
      offsets: async () => {
        throw error
      },
    })
    const away = new Idleness(failing(new MillraceError('UNREACHABLE', 'away')), [at('a', 10)], 0)
    expect(await away.now()).to.equal(false)
    const refused = new MillraceError('CONFIG', 'wrong password')
    const broken = new Idleness(failing(refused), [at('a', 10)], 0)
    expect(await broken.now().catch((error: unknown) => error)).to.equal(refused)
  })
})
