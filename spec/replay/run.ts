/**
 * `npm run test:replay`: replay, shadows, promotion, dead letters, verify, plan and explain in full size, on real
 * servers, which it starts and stops itself. Ends in `N passed, N failed`. `npm test` runs the same specs in a small
 * version.
 */
import { ended } from '../support/counting-reporter.ts'
import { onServers } from '../support/on-servers.ts'
import { replaySize } from './size.ts'

const ROOMS = ['replay', 'dead-letters', 'verify', 'explain', 'deployed', 'cli/replay', 'cli/verify']
const COMMANDS = ['plan', 'explain', 'dlq', 'reset']

const specs = process.argv.slice(2)
const all = [
  ...ROOMS.map((room) => `spec/${room}/**/*-spec.ts`),
  ...COMMANDS.map((command) => `spec/cli/${command}*-spec.ts`),
]

ended([
  await onServers(new AbortController(), (run) => {
    return run(specs.length > 0 ? specs : all, { [replaySize.variable]: replaySize.full })
  }),
])
