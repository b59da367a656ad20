import { Command } from 'commander'
import { describe } from '../topology/describe.ts'
import { print } from './outcome.ts'
import { loadTopology } from './topology-file.ts'

export function describeCommand(): Command {
  return new Command('describe')
    .description('show the steps of a topology; connects to nothing')
    .argument('<file...>', 'topology files')
    .option('--json', 'as JSON')
    .action(async (files: string[], options: { json?: boolean }) => {
      const topologies = await Promise.all(files.map(loadTopology))
      if (options.json) {
        print(
          topologies.map((topology) => ({
            name: topology.name,
            description: describe(topology).split('\n'),
          })),
        )
        return
      }
      process.stdout.write(`${topologies.map(describe).join('\n\n')}\n`)
    })
}
