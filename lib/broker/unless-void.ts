/** A call for an assignment, that ends with it: what it throws because `signal` has aborted is no failure. */
export function unlessVoid(signal: AbortSignal, call: () => Promise<void>): () => Promise<void> {
  return async () => {
    try {
      if (!signal.aborted) await call()
    } catch (error) {
      if (!signal.aborted) throw error
    }
  }
}
