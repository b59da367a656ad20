import { readFileSync } from 'node:fs'

/** The code blocks of README.md in one language, in order: what it shows is run. */
export function readmeBlocks(language: string): string[] {
  const text = readFileSync(new URL('../../README.md', import.meta.url), 'utf8')
  return [...text.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)]
    .filter((match) => match[1] === language)
    .map((match) => match[2]!)
}
