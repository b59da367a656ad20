import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { TaskFolders } from '../../lib/runtime/task-folders.ts'
import { openDiskState } from '../../lib/state/disk-state.ts'

describe('folders of tasks', () => {
  const root = mkdtempSync(join(tmpdir(), 'millrace-task-folders-'))
  after(() => rmSync(root, { recursive: true }))

  it('should hand out again, still open, what was given back', async () => {
    const folders = await TaskFolders.at('kept', root)
    const state = await folders.take('0_1')
    folders.keep('0_1', state)
    await folders.closeAllBut(new Set(['0_1']))
    expect(await folders.take('0_1')).to.equal(state)
    await state.close()
  })

  it('should let go of what is not needed, so that others can open it', async () => {
    const folders = await TaskFolders.at('let-go', root)
    for (const task of ['0_0', '0_1']) folders.keep(task, await folders.take(task))
    await folders.closeAllBut(new Set(['0_0']))
    const other = await openDiskState(join(root, 'let-go', '0_1'))
    await other.close()
    await folders.closeAllBut(new Set())
  })

  it('should wait for another worker of the process that is about to let go', async () => {
    const [one, other] = [await TaskFolders.at('shared', root), await TaskFolders.at('shared', root)]
    const state = await one.take('0_0')
    const taken = other.take('0_0')
    one.keep('0_0', state)
    await one.closeAllBut(new Set())
    await (await taken).close()
  })

  it('should remove what nobody has had for long: none that is open, in use, or of today', async () => {
    const folders = await TaskFolders.at('removed', root)
    for (const task of ['0_0', '0_1', '0_2', '0_3']) {
      const state = await folders.take(task)
      await state.save({ checkpoint: '1' })
      if (task !== '0_2') await state.close()
    }
    expect(await folders.removeAllBut(new Set(), Date.now() - 60_000)).to.deep.equal([])
    const later = Date.now() + 60_000
    expect(await folders.removeAllBut(new Set(['0_1']), later)).to.have.members(['0_0', '0_3'])
    expect(readdirSync(join(root, 'removed'))).to.have.members(['0_1', '0_2', 'process'])
    expect([...folders.upTo().keys()]).to.have.members(['0_1', '0_2'])
    await (await folders.take('0_0')).close()
  })

  it('should know how far each state is, in another life too', async () => {
    const folders = await TaskFolders.at('known', root)
    const state = await folders.take('0_3')
    expect([...folders.upTo()]).to.deep.equal([['0_3', 0]])
    await state.save({ checkpoint: '7' })
    expect([...folders.upTo()]).to.deep.equal([['0_3', 7]])
    await state.close()
    expect([...folders.upTo()]).to.deep.equal([['0_3', 7]])
    expect([...(await TaskFolders.at('known', root)).upTo()]).to.deep.equal([['0_3', 7]])
  })

  it('should be of one process for all who share them, and of others elsewhere', async () => {
    const [one, other] = await Promise.all([TaskFolders.at('whose', root), TaskFolders.at('whose', root)])
    expect(one.process).to.match(/^[\da-f-]{36}@./)
    expect(other.process).to.equal(one.process)
    expect((await TaskFolders.at('whose', root)).process).to.equal(one.process)
    expect((await TaskFolders.at('whose', join(root, 'elsewhere'))).process).not.to.equal(one.process)
    expect((await TaskFolders.at('whose', undefined)).process).not.to.equal(one.process)
  })
})
