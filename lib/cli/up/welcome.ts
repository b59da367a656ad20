import { SERVERS, type ServerName, STAND_INS } from '../servers/choice.ts'
import { embeddedDirectory } from '../servers/embedded.ts'

/** The first thing a newcomer sees: what stands in for what, where it is kept, how to stop, how to go on. */
export function welcome(embedded: ReadonlySet<ServerName>): string {
  const rows = [...embedded].map((name) => `  ${name.padEnd(9)}  ${STAND_INS[name]}`)
  const variables = Object.values(SERVERS)
  return [
    'millrace, embedded: on this machine, in place of',
    ...rows,
    '',
    `  kept in    ${embeddedDirectory()} (remove it to begin anew)`,
    '  to stop    Ctrl-C: what is under way is finished first',
    `  for real   set ${variables.slice(0, 3).join(', ')},`,
    `             ${variables.slice(3).join(', ')}`,
    '',
  ].join('\n')
}
