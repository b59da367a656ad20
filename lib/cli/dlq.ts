import { Command } from 'commander'
import { dlqLsCommand } from './dlq/ls.ts'
import { dlqRedriveCommand } from './dlq/redrive.ts'
import { dlqShowCommand } from './dlq/show.ts'

export function dlqCommand(): Command {
  return new Command('dlq')
    .description('dead letters: what was refused and why, one of them, and letting them in again')
    .addCommand(dlqLsCommand())
    .addCommand(dlqShowCommand())
    .addCommand(dlqRedriveCommand())
}
