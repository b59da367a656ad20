/** One line of a panel: points by x, in their order. */
export interface Panel {
  readonly title: string
  readonly points: readonly (readonly [x: number, y: number])[]
}

const WIDTH = 640
const PANEL = 200
const [LEFT, RIGHT, TOP, BOTTOM] = [80, 30, 40, 30]
const LABEL = 'font-family="sans-serif" font-size="12"'

/**
 * Panels one above the other, as SVG: x by its logarithm, which all of them share, y from zero, so that what is flat looks
 * flat.
 */
export function plot(title: string, xLabel: string, panels: readonly Panel[]): string {
  const xs = panels.flatMap(({ points }) => points.map(([x]) => x))
  const [least, most] = [Math.log10(Math.min(...xs)), Math.log10(Math.max(...xs))]
  const across = (x: number) =>
    LEFT + ((Math.log10(x) - least) / (most - least || 1)) * (WIDTH - LEFT - RIGHT)
  const height = TOP + panels.length * PANEL + BOTTOM
  const drawn = panels.map((panel, index) => drawPanel(panel, TOP + index * PANEL, across))
  const ticks = [...new Set(xs)].map((x) => text(across(x), height - BOTTOM + 4, shortly(x), 'middle'))
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${height}" viewBox="0 0 ${WIDTH} ${height}">`,
    `<title>${title}</title>`,
    `<rect width="${WIDTH}" height="${height}" fill="white"/>`,
    `<text x="${LEFT}" y="20" ${LABEL} font-weight="bold">${title}</text>`,
    ...drawn.flat(),
    ...ticks,
    text(WIDTH / 2, height - 6, xLabel, 'middle'),
    '</svg>',
    '',
  ].join('\n')
}

function drawPanel({ title, points }: Panel, top: number, across: (x: number) => number): string[] {
  const most = roundUp(Math.max(...points.map(([, y]) => y)))
  const [ceiling, floor] = [top + 24, top + PANEL - 24]
  const up = (y: number) => floor - (y / most) * (floor - ceiling)
  const line = points.map(([x, y]) => `${across(x).toFixed(1)},${up(y).toFixed(1)}`).join(' ')
  return [
    text(LEFT, top + 14, title, 'start'),
    ...[0, most / 2, most].flatMap((y) => [
      `<line x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${up(y)}" y2="${up(y)}" stroke="#ddd"/>`,
      text(LEFT - 6, up(y) + 4, shortly(y), 'end'),
    ]),
    `<polyline points="${line}" fill="none" stroke="#1f77b4" stroke-width="2"/>`,
    ...points.map(
      ([x, y]) => `<circle cx="${across(x).toFixed(1)}" cy="${up(y).toFixed(1)}" r="3" fill="#1f77b4"/>`,
    ),
  ]
}

/** To 1, 2 or 5 times a power of ten. */
function roundUp(y: number): number {
  const power = 10 ** Math.floor(Math.log10(y || 1))
  return [1, 2, 5, 10].map((times) => times * power).find((round) => round >= y)!
}

function shortly(number: number): string {
  return new Intl.NumberFormat('en', { notation: 'compact' }).format(number)
}

function text(x: number, y: number, said: string, anchor: 'start' | 'middle' | 'end'): string {
  return `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" text-anchor="${anchor}" ${LABEL}>${said}</text>`
}
