import { Command } from 'commander'
import { describe, description, mermaid } from '../topology/describe.ts'
import { oneOf } from './options.ts'
import { print } from './outcome.ts'
import { loadTopology } from './topology-file.ts'

export function describeCommand(): Command {
  return new Command('describe')
    .description('show the steps of a topology; connects to nothing')
    .argument('<file...>', 'topology files')
    .option('--format <format>', 'text, mermaid or json', oneOf('text', 'mermaid', 'json'), 'text')
    .option('--json', 'as JSON, like --format json')
    .action(async (files: string[], options: { format: string; json?: boolean }) => {
      const topologies = await Promise.all(files.map(loadTopology))
      if (options.json || options.format === 'json') return print(topologies.map(description))
      const show = options.format === 'mermaid' ? mermaid : describe
      process.stdout.write(`${topologies.map(show).join('\n\n')}\n`)
    })
}
