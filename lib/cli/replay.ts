import { Command } from 'commander'
import { replayCleanCommand } from './replay/clean.ts'
import { replayDiffCommand } from './replay/diff.ts'

export function replayCommand(): Command {
  return (
    new Command('replay')
      .description('shadows of a topology beside the live one')
      // Otherwise this command would take options for its own that stand behind the name of one below.
      .enablePositionalOptions()
      .addCommand(replayDiffCommand())
      .addCommand(replayCleanCommand())
  )
}
