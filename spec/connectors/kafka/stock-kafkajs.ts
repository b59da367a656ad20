import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type * as KafkaJs from 'kafkajs'

const require = createRequire(import.meta.url)
let copy: string | undefined

/** A file of kafkajs as it is published, loaded anew, apart from the repaired ones that the process uses. */
export function stockFile<T>(file: string): T {
  return loadAnew(`src/${file}`) as T
}

/** Another file of the kafkajs that was loaded last, as it uses it itself. */
export function beside<T>(file: string): T {
  return require(join(copy!, `src/${file}`)) as T
}

export function stockKafkajs(): typeof KafkaJs {
  return loadAnew('index.js') as typeof KafkaJs
}

/** kafkajs loads some of its files late, so only another folder keeps the two apart. */
function loadAnew(file: string): unknown {
  copy ??= copyOfKafkajs()
  for (const path of Object.keys(require.cache)) if (path.startsWith(copy)) delete require.cache[path]
  return require(join(copy, file))
}

function copyOfKafkajs(): string {
  const directory = mkdtempSync(join(tmpdir(), 'millrace-stock-kafkajs-'))
  cpSync(dirname(require.resolve('kafkajs/package.json')), directory, { recursive: true })
  process.once('exit', () => rmSync(directory, { recursive: true, force: true }))
  return directory
}
