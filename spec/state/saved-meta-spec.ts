import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { openDiskState } from '../../lib/state/disk-state.ts'
import { savedMeta } from '../../lib/state/saved-meta.ts'

describe('saved meta', () => {
  const root = mkdtempSync(join(tmpdir(), 'millrace-saved-meta-'))
  after(() => rmSync(root, { recursive: true }))

  it('should be what was saved last', async () => {
    const dir = join(root, 'state')
    const state = await openDiskState(dir)
    await state.save({ checkpoint: '1' })
    await state.save({ checkpoint: '2', other: 'x' })
    await state.close()
    expect(await savedMeta(dir)).to.deep.equal({ checkpoint: '2', other: 'x' })
    const again = await openDiskState(dir)
    expect(again.meta).to.deep.equal({ checkpoint: '2', other: 'x' })
    await again.close()
  })

  it('should be unknown of a state that is open, or was never saved, or is not there', async () => {
    const dir = join(root, 'open')
    const state = await openDiskState(dir)
    expect(await savedMeta(dir)).to.equal(undefined)
    await state.close()
    expect(await savedMeta(dir)).to.equal(undefined)
    expect(await savedMeta(join(root, 'nowhere'))).to.equal(undefined)
  })
})
