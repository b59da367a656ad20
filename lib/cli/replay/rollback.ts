import { Command } from 'commander'
import type { PromotionOptions } from '../../replay/promotion/promotion-options.ts'
import { rollback } from '../../replay/promotion/rollback.ts'
import { confirm } from '../confirm.ts'
import { print } from '../outcome.ts'
import { type PromotionFlags, withOptions, withPromotion } from './promote.ts'
import { rollbackSteps, rolledBackText } from './promotion-text.ts'

export function replayRollbackCommand(): Command {
  return withPromotion(new Command('rollback'))
    .description('take a promotion back: the sinks as they were, and the old version from where it was')
    .argument('<file>', 'topology file that was promoted')
    .addHelpText('after', HELP)
    .action((name: string, file: string, flags: PromotionFlags) =>
      withOptions(name, file, flags, (options) => run(options, flags)),
    )
}

const HELP = `
Of a promotion that was killed before it wrote anything it lifts the order to drain, and that is all.
Killed at any point, the same command goes on. The shadow is of no more use then: \`replay clean\` removes it.

Exit codes: 0 done, 1 failed, 2 wrong usage, 3 nothing was promoted, or another promotion stands on it.`

async function run(options: PromotionOptions, { yes = false, json = false }: PromotionFlags): Promise<void> {
  const { name, application } = options
  if (!json) process.stdout.write(rollbackSteps(name, application))
  if (!(await confirm(`roll back "${name}"`, yes))) return
  const done = await rollback(options)
  if (json) print(done)
  else process.stdout.write(rolledBackText(done))
}
