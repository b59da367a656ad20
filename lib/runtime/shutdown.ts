/** SIGHUP: the terminal was closed. */
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
const NUMBERS = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 } as const

/** Supervisors kill what has not ended within ten seconds; on a loaded machine the end itself takes a while. */
const DEADLINE_MS = 9_000

/** Ctrl-C reaches a script twice: from the terminal, and passed on by npm. */
const ONE_AND_THE_SAME_MS = 300

/**
 * For commands: the first SIGINT, SIGTERM or SIGHUP calls `stop`, and the process ends within ten seconds, whatever
 * hangs; what was then in hand is not committed and will be done again. A second signal ends it at once, with 128 +
 * its number as shells expect.
 */
export function onShutdown(stop: (signal: NodeJS.Signals) => void): void {
  let asked: { readonly by: NodeJS.Signals; readonly at: number } | undefined
  for (const signal of SIGNALS) {
    process.on(signal, () => {
      if (asked?.by === signal && performance.now() - asked.at < ONE_AND_THE_SAME_MS) return
      if (asked !== undefined) process.exit(128 + NUMBERS[signal])
      asked = { by: signal, at: performance.now() }
      setTimeout(giveUp, DEADLINE_MS).unref()
      stop(signal)
    })
  }
}

function giveUp(): void {
  process.stderr.write(
    `millrace: not drained within ${DEADLINE_MS / 1000} s; what was in hand will be done again\n`,
  )
  process.exit()
}
