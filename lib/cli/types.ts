import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { Command } from 'commander'
import { contractFile } from '../contract/avro.ts'
import { typeScriptOf } from '../contract/types.ts'
import { MillraceError } from '../errors.ts'
import { DIFFERENT, print } from './outcome.ts'

interface Flags {
  readonly check?: boolean
  readonly import?: string
  readonly json?: boolean
}

export function typesCommand(): Command {
  return new Command('types')
    .description(
      'write a TypeScript file beside each Avro contract: <name>.ts for the newest <name>.v<N>.avsc',
    )
    .argument('[directory]', 'where the contracts are', 'schemas')
    .option('--check', 'write nothing; exit 4 if a file is not as its contract says')
    .option(
      '--import <specifier>',
      'what the files import millrace as (default: as they do now, else millrace)',
    )
    .option('--json', 'as JSON')
    .action((directory: string, flags: Flags) => {
      const stale = generated(directory, flags.import).filter(({ file, text }) => readIfThere(file) !== text)
      if (!flags.check) for (const { file, text } of stale) writeFileSync(file, text)
      if (flags.json) print({ [flags.check ? 'stale' : 'written']: stale.map(({ file }) => file) })
      else for (const { file } of stale) process.stdout.write(`${flags.check ? 'stale' : 'wrote'} ${file}\n`)
      if (flags.check && stale.length > 0) process.exitCode = DIFFERENT
    })
}

function generated(directory: string, library: string | undefined): { file: string; text: string }[] {
  return newestContracts(directory).map((contract) => {
    const file = join(directory, `${basename(contract).replace(/\.v\d+\.avsc$/, '')}.ts`)
    const specifier = library ?? importIn(file) ?? 'millrace'
    return { file, text: typeScriptOf(contractFile(pathToFileURL(resolve(contract))), specifier) }
  })
}

/** What a file written before imports millrace as. */
function importIn(file: string): string | undefined {
  return /^import \{ contractFile \} from '([^']+)'$/m.exec(readIfThere(file) ?? '')?.[1]
}

/** The highest version of each name. */
function newestContracts(directory: string): string[] {
  if (!existsSync(directory))
    throw new MillraceError('CONFIG', `no directory ${directory}; name the one with the contracts`)
  const newest = new Map<string, { file: string; version: number }>()
  for (const file of readdirSync(directory)) {
    const match = /^(.+)\.v(\d+)\.avsc$/.exec(file)
    if (match === null) continue
    const version = Number(match[2])
    if (version > (newest.get(match[1]!)?.version ?? 0))
      newest.set(match[1]!, { file: join(directory, file), version })
  }
  if (newest.size === 0) throw new MillraceError('CONFIG', `no <name>.v<N>.avsc in ${directory}`)
  return [...newest.values()].map(({ file }) => file)
}

function readIfThere(file: string): string | undefined {
  return existsSync(file) ? readFileSync(file, 'utf8') : undefined
}
