import { resolve } from 'node:path'

/** Where the state of tasks is kept on this machine; what another worker takes over is in the changelogs. */
export function stateDirectory(env: NodeJS.ProcessEnv): string {
  return resolve(env.MILLRACE_STATE_DIR || '.millrace', 'state')
}
