import { transactionConformance } from '../../conformance/broker-transactions.ts'
import { logFolder } from './log-folder.ts'
import { type Owner, startOwner } from './owner.ts'

describe('embedded log', () => {
  describe('of this process', () => {
    const dir = logFolder()
    transactionConformance('embedded log', () => ({ dir }))
  })

  describe('of another process', () => {
    const dir = logFolder()
    let owner: Owner
    before(async () => {
      owner = await startOwner(dir)
    })
    after(() => owner.kill())
    transactionConformance('embedded log over its socket', () => ({ dir }))
  })
})
