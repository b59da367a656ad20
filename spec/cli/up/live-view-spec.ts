import { expect } from 'chai'
import { showHops } from '../../../lib/cli/up/live-view.ts'
import { rates } from '../../../lib/cli/up/rates.ts'
import { leave, paint, printAbove } from '../../../lib/cli/up/terminal-block.ts'

/** What a terminal shows of what is written to it. */
class Screen {
  readonly isTTY: boolean
  readonly columns: number
  #lines: string[] = ['']
  #row = 0

  constructor({ isTTY = true, columns = 80 } = {}) {
    this.isTTY = isTTY
    this.columns = columns
  }

  get stream(): NodeJS.WriteStream {
    return this as unknown as NodeJS.WriteStream
  }

  get text(): string {
    return this.#lines.join('\n')
  }

  write(text: string): boolean {
    for (const [index, part] of text.split('\n').entries()) {
      if (index > 0) this.#lines[++this.#row] = ''
      this.#lines[this.#row] += part
    }
    return true
  }

  moveCursor(_: number, rows: number): boolean {
    this.#row += rows
    return true
  }

  cursorTo(): boolean {
    return true
  }

  clearScreenDown(): boolean {
    this.#lines = [...this.#lines.slice(0, this.#row), '']
    return true
  }
}

const shown = { hops: [['users.raw', 1200] as const, ['users_by_id', 3] as const], status: 'waiting' }
const ended = AbortSignal.abort()

describe('live view', () => {
  afterEach(leave)

  it('should be one aligned block on a terminal', async () => {
    const screen = new Screen()
    await showHops(screen.stream, () => shown, ended)
    expect(screen.text.split('\n')).to.deep.equal([
      '',
      '  hop          since start  / second',
      '  users.raw          1,200',
      '  users_by_id            3',
      '',
      '  waiting',
      '',
    ])
  })

  it('should be plain lines elsewhere', async () => {
    const screen = new Screen({ isTTY: false })
    await showHops(screen.stream, () => shown, ended)
    expect(screen.text).to.equal('users.raw 1200 → users_by_id 3\n')
  })

  it('should not be torn by what is logged meanwhile', () => {
    const screen = new Screen()
    paint(screen.stream, ['a 1', 'b 1'])
    printAbove(screen.stream, 'a warning\n')
    paint(screen.stream, ['a 2', 'b 2'])
    expect(screen.text).to.equal('a warning\na 2\nb 2\n')
  })

  it('should cut what would wrap', () => {
    const screen = new Screen({ columns: 10 })
    paint(screen.stream, ['a line that is too long'])
    paint(screen.stream, ['another that is too long'])
    expect(screen.text).to.equal('another t…\n')
  })

  it('should show counts a second over the last five seconds', () => {
    const ratesOf = rates()
    const at = (second: number, count: number) => ratesOf([['hop', count]], second * 1000).get('hop')
    expect(at(0, 0)).to.equal(0)
    expect(at(2, 200)).to.equal(100)
    expect(at(10, 200)).to.equal(0)
    expect(at(15, 700)).to.equal(100)
  })
})
