import { createInterface } from 'node:readline/promises'
import { MillraceError } from '../errors.ts'

/** Asks on the terminal; `--yes` has answered. @throws MillraceError `CONFIG` where nobody can be asked. */
export async function confirm(question: string, yes: boolean): Promise<boolean> {
  if (yes) return true
  if (!process.stdin.isTTY)
    throw new MillraceError('CONFIG', `${question}: there is no terminal to ask on; --yes says so beforehand`)
  const terminal = createInterface({ input: process.stdin, output: process.stderr })
  try {
    return /^y(es)?$/i.test((await terminal.question(`${question}? [y/N] `)).trim())
  } finally {
    terminal.close()
  }
}
