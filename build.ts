/** `npm run build`: JavaScript, types and the files that modules read beside themselves, into dist. */
import { spawnSync } from 'node:child_process'
import { chmodSync, cpSync, globSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

process.chdir(fileURLToPath(new URL('.', import.meta.url)))

const output = 'dist'
const readAtRunTime = [
  'schemas/*.avsc',
  'services/*.xml',
  'services/*.properties',
  'services/cassandra-conf/*',
  'connectors/http/fixtures/**/*.json',
]

rmSync(output, { recursive: true, force: true })
const tsc = join('node_modules', '.bin', 'tsc')
const { status } = spawnSync(tsc, ['-p', 'tsconfig.build.json'], { stdio: 'inherit' })
if (status === 0) finish()
else process.exitCode = 1

function finish(): void {
  for (const file of globSync(readAtRunTime)) cpSync(file, join(output, file))
  chmodSync(join(output, 'lib/cli/bin.js'), 0o755)
}
