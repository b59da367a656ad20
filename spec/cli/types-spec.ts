import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { runMillrace } from '../support/millrace.ts'

const schema = (field: string) =>
  JSON.stringify({
    type: 'record',
    name: 'Order',
    fields: [{ name: field, type: ['null', 'long'], default: null }],
  })

describe('millrace types', () => {
  let directory: string
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'millrace-types-'))
  })
  afterEach(() => rmSync(directory, { recursive: true }))

  it('should write a type for the newest version of each contract, and again only when it changes', async () => {
    writeFileSync(join(directory, 'order.v1.avsc'), schema('cents'))
    writeFileSync(join(directory, 'order.v10.avsc'), schema('euros'))
    const file = join(directory, 'order.ts')
    expect(await runMillrace(['types', directory])).to.include({ code: 0, stdout: `wrote ${file}\n` })
    expect(readFileSync(file, 'utf8')).to.include('euros: number | null').and.to.include("from 'millrace'")
    expect(await runMillrace(['types', directory])).to.include({ code: 0, stdout: '' })
    expect(await runMillrace(['types', directory, '--check'])).to.include({ code: 0 })
  })

  it('should exit 4 for --check when a file is not as its contract says, and write nothing', async () => {
    writeFileSync(join(directory, 'order.v1.avsc'), schema('cents'))
    writeFileSync(join(directory, 'order.ts'), '// by hand\n')
    const checked = await runMillrace(['types', directory, '--check', '--json'])
    expect(checked.code).to.equal(4)
    expect(JSON.parse(checked.stdout)).to.deep.equal({ stale: [join(directory, 'order.ts')] })
    expect(readFileSync(join(directory, 'order.ts'), 'utf8')).to.equal('// by hand\n')
  })

  it('should keep what a file imports millrace as, unless told otherwise', async () => {
    writeFileSync(join(directory, 'order.v1.avsc'), schema('cents'))
    await runMillrace(['types', directory, '--import', '../lib/index.ts'])
    expect(await runMillrace(['types', directory, '--check'])).to.include({ code: 0 })
    expect(await runMillrace(['types', directory, '--check', '--import', 'millrace'])).to.include({ code: 4 })
  })

  it('should exit 2 where there are no contracts', async () => {
    expect(await runMillrace(['types', directory])).to.include({ code: 2 })
    expect(await runMillrace(['types', join(directory, 'none')])).to.include({ code: 2 })
  })
})
