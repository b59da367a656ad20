import { openEmbeddedBroker } from '../../../connectors/embedded/index.ts'
import { brokerConformance } from '../../conformance/broker.ts'
import { logFolder } from './log-folder.ts'
import { type Owner, startOwner } from './owner.ts'

describe('embedded log', () => {
  describe('of this process', () => {
    const dir = logFolder()
    brokerConformance('embedded log', () => openEmbeddedBroker({ dir }))
  })

  describe('of another process', () => {
    const dir = logFolder()
    let owner: Owner
    before(async () => {
      owner = await startOwner(dir)
    })
    after(() => owner.kill())
    brokerConformance('embedded log over its socket', () => openEmbeddedBroker({ dir }))
  })
})
