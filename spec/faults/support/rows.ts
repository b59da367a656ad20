import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const page = fileURLToPath(new URL('../README.md', import.meta.url))

/** A row of the fault matrix. */
export interface Row {
  readonly row: number
  readonly fault: string
  /** From the project's root. */
  readonly specs: readonly string[]
  readonly inTest: boolean
}

/** The fault matrix as spec/faults/README.md has it. */
export function faultRows(): Row[] {
  const rows = readFileSync(page, 'utf8').matchAll(/^\| (\d+) \| (.+?) \| (.+?) \| .+? \| (yes|no|—) \|$/gm)
  return [...rows].map(([, row, fault, specs, inTest]) => ({
    row: Number(row),
    fault: fault!,
    specs: [...specs!.matchAll(/\]\(([^)]+)\)/g)].map(([, to]) => join('spec/faults', to!)),
    inTest: inTest === 'yes',
  }))
}

/** Which row a spec belongs to by its name, or the folder it is in. */
export function rowOf(spec: string): number | undefined {
  const [, row] = /(?:^|\/)row-(\d\d)-/.exec(spec) ?? []
  return row === undefined ? undefined : Number(row)
}
