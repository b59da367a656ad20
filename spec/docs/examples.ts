import { readFileSync } from 'node:fs'

/** A code block of a page, and the drawings below it. */
export interface Example {
  /** The headings it is under. */
  readonly title: string
  readonly code: string
  readonly drawings: readonly string[]
}

/** A page's blocks of code in TypeScript, each with the blocks of text that follow it. */
export function examplesOf(page: string): Example[] {
  const text = readFileSync(new URL(`../../${page}`, import.meta.url), 'utf8')
  const examples: { title: string; code: string; drawings: string[] }[] = []
  let title = ''
  for (const [, heading, language, body] of text.matchAll(/^#+ (.*)$|^```(\w+)\n([\s\S]*?)\n```$/gm)) {
    if (heading !== undefined) title = heading
    else if (language === 'ts') examples.push({ title, code: body!, drawings: [] })
    else if (examples.length === 0) throw new Error(`${page}: a drawing is above all code`)
    else examples.at(-1)!.drawings.push(body!)
  }
  return examples
}
