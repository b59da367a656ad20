import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { openEmbeddedBroker } from '../../connectors/embedded/index.ts'
import type { Broker } from '../../lib/broker/broker.ts'
import { Ledger } from '../../lib/deployed/ledger.ts'
import { MillraceError } from '../../lib/errors.ts'

describe('the ledger of what is deployed', () => {
  const dir = mkdtempSync(join(tmpdir(), 'millrace-ledger-'))
  let broker: Broker

  before(async () => {
    broker = await openEmbeddedBroker({ dir })
  })

  after(async () => {
    await broker.close()
    rmSync(dir, { recursive: true })
  })

  it('should know nothing before apply, and name it when it is to be written', async () => {
    const ledger = new Ledger(broker)
    expect(await ledger.read('replay', 'orders', 'one')).to.equal(undefined)
    const error = await ledger.write('replay', 'orders', {}, 'one').catch((error: unknown) => error)
    expect(error).to.be.instanceOf(MillraceError).with.property('code', 'MISSING')
    expect(String(error)).to.contain('millrace apply')
  })

  it('should keep the last of each name, by kind and application, for whoever opens it next', async () => {
    await Ledger.resource(broker).create()
    const ledger = new Ledger(broker)
    await ledger.write('replay', 'orders', { at: 1 }, 'one')
    await ledger.write('replay', 'orders', { at: 2 }, 'two')
    await ledger.write('replay', 'orders', { at: 3 }, 'one')
    await ledger.write('replay', 'users', { at: 4 }, 'one')
    await ledger.write('description', 'orders', { steps: 5 })
    const another = new Ledger(broker)
    expect(await another.list('replay', 'orders')).to.deep.equal([
      { name: 'one', value: { at: 3 } },
      { name: 'two', value: { at: 2 } },
    ])
    expect(await another.read('description', 'orders')).to.deep.equal({ steps: 5 })
  })

  it('should forget what is written as null', async () => {
    const ledger = new Ledger(broker)
    await ledger.write('replay', 'orders', null, 'one')
    expect(await ledger.list('replay', 'orders')).to.deep.equal([{ name: 'two', value: { at: 2 } }])
  })
})
