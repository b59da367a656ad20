const SIGNALS = ['SIGINT', 'SIGTERM'] as const
const NUMBERS = { SIGINT: 2, SIGTERM: 15 } as const

/**
 * The first SIGINT or SIGTERM calls `stop`; a second one exits at once with 128 + its number, as shells expect.
 * Returns a function that gives the signals back.
 */
export function onShutdown(stop: (signal: NodeJS.Signals) => void): () => void {
  let asked = false
  const listeners = SIGNALS.map((signal) => {
    const listener = () => {
      if (asked) process.exit(128 + NUMBERS[signal])
      asked = true
      stop(signal)
    }
    process.on(signal, listener)
    return [signal, listener] as const
  })
  return () => {
    for (const [signal, listener] of listeners) process.off(signal, listener)
  }
}
