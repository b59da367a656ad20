import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openEmbeddedBroker } from '../../connectors/embedded/index.ts'
import { purgeCases } from './purge-cases.ts'

describe('the purge of repartition topics on the embedded log', function () {
  this.timeout(60_000)
  const dir = mkdtempSync(join(tmpdir(), 'millrace-purge-log-'))
  purgeCases(() => openEmbeddedBroker({ dir }))
  after(() => rmSync(dir, { recursive: true }))
})
