/** A cell of a drawn row: text, and the column at which it begins. */
export interface Cell {
  readonly at: number
  readonly text: string
}

export interface Row {
  readonly label: string
  readonly cells: readonly Cell[]
}

/** One input, and what is drawn below it, by row. */
export interface Step {
  readonly row: string
  readonly text: string
  readonly below: ReadonlyMap<string, readonly string[]>
}

/**
 * Reads a drawing of what comes in and what comes out. Columns are the order of arrival: an output is below the input
 * that caused it. Cells are two spaces apart; of several outputs of one input each but the last ends in a comma. After
 * an empty line the drawing goes on.
 */
export function stepsOf(drawing: string, isInput: (label: string) => boolean): Step[] {
  return drawing.split('\n\n').flatMap((part) => {
    const rows = part
      .split('\n')
      .filter((line) => line.trim() !== '')
      .map(rowOf)
    const inputs = rows
      .filter(({ label }) => isInput(label))
      .flatMap(({ label, cells }) =>
        cells.map((cell) => ({ ...cell, row: label, below: new Map<string, string[]>() })),
      )
      .sort((a, b) => a.at - b.at)
    for (const [index, { at, text }] of inputs.entries()) {
      if (at === inputs[index + 1]?.at) throw new Error(`${text}: nothing else may come in at its column`)
    }
    for (const { label, cells } of rows.filter((row) => !isInput(row.label))) {
      for (const { at, text } of cells) {
        const cause = inputs.findLast((input) => input.at <= at)
        if (cause === undefined) throw new Error(`${text}: there is no input above or before it`)
        cause.below.set(label, [...(cause.below.get(label) ?? []), ...text.split(', ')])
      }
    }
    return inputs
  })
}

function rowOf(line: string): Row {
  const label = /^\S+/.exec(line)?.[0]
  if (label === undefined) throw new Error(`"${line}": a row begins with its name`)
  const cells = [...line.matchAll(/\S+(?: \S+)*/g)].map((match) => ({ at: match.index, text: match[0] }))
  const [first, ...others] = cells
  if (first!.text !== label) throw new Error(`"${line}": two spaces must follow the row's name`)
  return { label, cells: others }
}

/** A span of time, and the letters in it. Ends in `)` without its end, in `]` with it. */
export interface Bar {
  readonly start: number
  readonly end: number
  readonly closed: boolean
  readonly letters: string
  /** When the first of its letters is drawn. */
  readonly first: number
}

/** A letter: a record, by its time. */
export interface Mark {
  readonly time: number
  readonly letter: string
}

export interface TimeLine {
  readonly records: ReadonlyMap<string, readonly Mark[]>
  readonly bars: readonly Bar[]
}

/** Reads a drawing on a ruler of time, one column a millisecond: rows of records as letters, and bars. */
export function timeLineOf(drawing: string, isInput: (label: string) => boolean): TimeLine {
  const [ruler, ...lines] = drawing.split('\n').filter((line) => line.trim() !== '')
  const numbers = [...ruler!.matchAll(/\d+/g)]
  const origin = numbers[0]!.index - Number(numbers[0]![0])
  for (const { index, 0: number } of numbers) {
    if (index - origin !== Number(number)) throw new Error(`the ruler's ${number} is at ${index - origin}`)
  }
  const records = new Map<string, readonly Mark[]>()
  const bars: Bar[] = []
  for (const line of lines) {
    const label = /^\S*/.exec(line)![0]
    if (isInput(label)) {
      records.set(
        label,
        letters(line, label.length).map(({ at, text }) => ({ time: at - origin, letter: text })),
      )
    } else bars.push(...barsOf(line, label.length, origin))
  }
  return { records, bars }
}

function barsOf(line: string, from: number, origin: number): Bar[] {
  const drawn = [...line.matchAll(/\[([A-Za-z-]+)([)\]])/g)].map(
    ({ index, 1: inside, 2: end, 0: whole }) => ({
      start: index - origin,
      end: index + whole.length - 1 - origin,
      closed: end === ']',
      letters: inside!.replaceAll('-', ''),
      first: index + 1 + inside!.search(/[A-Za-z]/) - origin,
    }),
  )
  // A letter by itself is a window of its own moment.
  const rest = line.replace(/\[[A-Za-z-]+[)\]]/g, (bar) => ' '.repeat(bar.length))
  const moments = letters(rest, from).map(({ at, text }) => {
    const time = at - origin
    return { start: time, end: time, closed: true, letters: text, first: time }
  })
  return [...drawn, ...moments]
}

function letters(line: string, from: number): Cell[] {
  return [...line.matchAll(/[A-Za-z]/g)]
    .filter(({ index }) => index >= from)
    .map(({ index, 0: text }) => ({ at: index, text }))
}
