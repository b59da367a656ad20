import { expect } from 'chai'
import { plot } from '../../bench/growth/plot.ts'

const PANEL = {
  title: 'records/s',
  points: [
    [1, 40_000],
    [10, 41_000],
    [100, 39_000],
  ],
} as const

describe('a plot of growth', () => {
  it('should put equal ratios of x at equal distances, and y from zero', () => {
    const [first, second, third] = circles(plot('depth', 'steps', [PANEL]))
    expect(second!.x - first!.x).to.be.closeTo(third!.x - second!.x, 0.2)
    // 50,000 at the top: a fiftieth of it is a fiftieth of the height, and what is nearly flat looks so.
    const height = 200 - 48
    expect(third!.y - second!.y).to.be.closeTo((height * 2) / 50, 0.2)
  })

  it('should have a panel for each figure, and say what they are of', () => {
    const svg = plot('depth', 'steps', [PANEL, { ...PANEL, title: 'peak MiB' }])
    expect(circles(svg)).to.have.length(6)
    for (const said of ['depth', 'steps', 'records/s', 'peak MiB', '>100<', '>50K<']) {
      expect(svg).to.include(said)
    }
  })

  it('should draw a single point', () => {
    expect(circles(plot('one', 'x', [{ title: 'y', points: [[7, 0]] }]))).to.have.length(1)
  })
})

function circles(svg: string): { readonly x: number; readonly y: number }[] {
  return [...svg.matchAll(/<circle cx="([\d.]+)" cy="([\d.]+)"/g)].map(([, x, y]) => {
    return { x: Number(x), y: Number(y) }
  })
}
