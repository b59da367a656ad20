/**
 * `npm test`: types, lint, specs, and the specs on the real servers, which it starts and stops itself. Ends in
 * `N passed, N failed`; a type error, a lint error and an empty run count as failures.
 *
 * `node spec/run.ts servers [spec files…]` does the specs on the real servers only.
 */
import { type Counts, ended } from './support/counting-reporter.ts'
import { onServers } from './support/on-servers.ts'
import { runCommand } from './support/run-command.ts'
import { runMocha } from './support/run-mocha.ts'

const serverSpecs = 'spec/**/*-server-spec.ts'
/** Rows of the fault matrix that take long: `npm run test:faults`. */
const fullSpecs = 'spec/faults/**/*-full-spec.ts'

const interruption = new AbortController()
const { signal } = interruption

const [mode, ...files] = process.argv.slice(2)
const stages = mode === 'servers' ? [servers] : [types, lint, unit, servers]
const counts: Counts[] = []
for (const stage of stages) counts.push(await stage())
ended(counts)

function types(): Promise<Counts> {
  return check('tsc', ['-p', 'tsconfig.json'])
}

function lint(): Promise<Counts> {
  return check('biome', ['check', '--error-on-warnings', '.'])
}

async function check(command: string, args: readonly string[]): Promise<Counts> {
  const succeeded = await runCommand(command, args, signal)
  return succeeded
    ? { passed: 0, failed: 0 }
    : { passed: 0, failed: 1, failures: [`${command} ${args.join(' ')}`] }
}

function unit(): Promise<Counts> {
  return runMocha(['--ignore', serverSpecs, '--ignore', fullSpecs, 'spec/**/*-spec.ts'], signal)
}

function servers(): Promise<Counts> {
  return onServers(interruption, (run) => run(files.length > 0 ? files : [serverSpecs]))
}
