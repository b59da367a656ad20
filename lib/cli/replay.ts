import { Command } from 'commander'
import { replayCleanCommand } from './replay/clean.ts'
import { replayDiffCommand } from './replay/diff.ts'
import { replayPromoteCommand } from './replay/promote.ts'
import { replayRollbackCommand } from './replay/rollback.ts'
import { withReplayRun } from './replay/run.ts'

export function replayCommand(): Command {
  return (
    withReplayRun(new Command('replay'))
      .description('run a topology over a range of its topics again, beside the live application')
      // Otherwise this command would take options for its own that stand behind the name of one below.
      .enablePositionalOptions()
      .addCommand(replayDiffCommand())
      .addCommand(replayPromoteCommand())
      .addCommand(replayRollbackCommand())
      .addCommand(replayCleanCommand())
  )
}
