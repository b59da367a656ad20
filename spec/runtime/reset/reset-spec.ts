import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openEmbeddedBroker } from '../../../connectors/embedded/index.ts'
import { resetCases } from './reset-cases.ts'

describe('a reset on the embedded log', function () {
  this.timeout(60_000)
  const dir = mkdtempSync(join(tmpdir(), 'millrace-reset-log-'))
  resetCases(() => openEmbeddedBroker({ dir }))
  after(() => rmSync(dir, { recursive: true }))
})
