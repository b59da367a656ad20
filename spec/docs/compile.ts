import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const root = new URL('../..', import.meta.url).pathname
const tsc = join(root, 'node_modules/typescript/bin/tsc')

/** What the compiler has against these files, given by name, as users of the package would write them. */
export async function faultsIn(files: Readonly<Record<string, string>>): Promise<string> {
  // Inside the repository, so that its packages are found.
  mkdirSync(join(root, '.millrace'), { recursive: true })
  const directory = mkdtempSync(join(root, '.millrace/docs-'))
  try {
    for (const [name, text] of Object.entries(files)) writeFileSync(join(directory, name), text)
    const paths = {
      millrace: ['../../lib/index.ts'],
      'millrace/testing': ['../../lib/testing/index.ts'],
      'millrace/kafka': ['../../connectors/kafka/index.ts'],
    }
    const compilerOptions = { paths, types: ['node'], noUnusedLocals: false, noUnusedParameters: false }
    const config = { extends: '../../tsconfig.json', compilerOptions, include: Object.keys(files) }
    writeFileSync(join(directory, 'tsconfig.json'), JSON.stringify(config))
    return await new Promise((resolve) => {
      execFile(process.execPath, [tsc, '-p', directory], { cwd: directory }, (_, stdout) => resolve(stdout))
    })
  } finally {
    rmSync(directory, { recursive: true })
  }
}
