import { join } from 'node:path'
import { expect } from 'chai'
import { readScenarios } from './read-scenarios.ts'
import { temporaryFiles } from './temporary-files.ts'

const scenario = { topology: 'count', params: {}, inputs: [] }

describe('reading scenarios', () => {
  it('should find them at any depth, by path, and pass over other files', async () => {
    await using directory = await temporaryFiles({
      'count/01-b.json': scenario,
      'count/00-a.json': scenario,
      'seed-2/count/00-a.json': scenario,
      'branch/00-a.json': { ...scenario, topology: 'branch' },
      'comparators.json': { exact: ['count'] },
      'README.md': '# none',
      'count/00-a.json.bak': 'none',
    })
    const { files, unreadable } = await readScenarios([directory.path])
    expect(unreadable).to.deep.equal([])
    const places = ['branch/00-a.json', 'count/00-a.json', 'count/01-b.json', 'seed-2/count/00-a.json']
    expect(files.map(({ place }) => place)).to.deep.equal(places)
    expect(files.map(({ path }) => path)).to.deep.equal(places.map((place) => join(directory.path, place)))
    expect(files[0]!.scenario.topology).to.equal('branch')
  })

  it('should place a file without a folder by its topology, and read none twice', async () => {
    await using directory = await temporaryFiles({ 'count/00-a.json': scenario })
    const folder = join(directory.path, 'count')
    const { files } = await readScenarios([folder, directory.path, join(folder, '00-a.json')])
    expect(files.map(({ place }) => place)).to.deep.equal(['count/00-a.json'])
  })

  it('should name file and fault of what it cannot read, and go on', async () => {
    await using directory = await temporaryFiles({
      'a.json': '{"topology": ',
      'b.json': { ...scenario, inputs: [{ topic: 'in' }] },
      'c.json': scenario,
    })
    const { files, unreadable } = await readScenarios([directory.path, join(directory.path, 'nowhere')])
    expect(files.map(({ place }) => place)).to.deep.equal(['count/c.json'])
    expect(unreadable.map(({ path }) => path)).to.deep.equal(
      ['a.json', 'b.json', 'nowhere'].map((name) => join(directory.path, name)),
    )
    expect(unreadable[0]!.fault).to.match(/JSON/)
    expect(unreadable[1]!.fault).to.match(/^inputs\.0\./)
    expect(unreadable[2]!.fault).to.match(/ENOENT/)
  })
})
