/** Lines at the bottom of a terminal that are painted anew in place. What else is printed goes above them. */
let painted: readonly string[] = []

export function paint(stream: NodeJS.WriteStream, lines: readonly string[]): void {
  erase(stream)
  // A line that wraps would be two, and the block could not be found again.
  painted = lines.map((line) => shorten(line, stream.columns ?? 80))
  stream.write(painted.map((line) => `${line}\n`).join(''))
}

export function printAbove(stream: NodeJS.WriteStream, text: string): void {
  erase(stream)
  stream.write(text)
  stream.write(painted.map((line) => `${line}\n`).join(''))
}

/** What was painted last stays as it is. */
export function leave(): void {
  painted = []
}

function erase(stream: NodeJS.WriteStream): void {
  if (painted.length === 0) return
  stream.moveCursor(0, -painted.length)
  stream.cursorTo(0)
  stream.clearScreenDown()
}

function shorten(line: string, columns: number): string {
  return line.length <= columns ? line : `${line.slice(0, columns - 1)}…`
}
