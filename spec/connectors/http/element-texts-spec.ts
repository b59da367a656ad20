import { expect } from 'chai'
import fc from 'fast-check'
import { elementTexts } from '../../../connectors/http/element-texts.ts'

describe('element texts', () => {
  it('should cut the array into the texts of its elements, whatever they hold', () => {
    fc.assert(
      fc.property(fc.array(fc.json()), fc.json(), (elements, other) => {
        const page = `{"before":${other},"results" : [${elements.join(',')}],"after":${other}}`

        expect(elementTexts(page, 'results')).to.deep.equal(elements)
      }),
    )
  })

  it('should read the last member of that name, as JSON.parse does', () => {
    expect(elementTexts('{"results":[1,2],"\\u0072esults":[3]}', 'results')).to.deep.equal(['3'])
  })

  it('should take nothing from an empty array', () => {
    expect(elementTexts('{"results":[ \n ],"x":[1]}', 'results')).to.deep.equal([])
  })

  it('should survive strings and nesting of any size', () => {
    const long = `"${'\\"'.repeat(1_000_000)}"`
    const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`

    expect(elementTexts(`{"results":[${long},${deep}]}`, 'results')).to.deep.equal([long, deep])
  })
})
