import { peakBytes } from '../../support/process-memory.ts'

const EVERY_MS = 100

/** The most memory that any of a row's processes has had. It is asked while they live: a kill leaves nothing to ask. */
export class PeakMemory {
  #bytes = 0

  /** Resident, of the largest process so far. */
  get bytes(): number {
    return this.#bytes
  }

  /** Until it is gone. */
  watch(pid: number): void {
    if (!this.#look(pid)) return
    const looking = setInterval(() => {
      if (!this.#look(pid)) clearInterval(looking)
    }, EVERY_MS)
    looking.unref()
  }

  #look(pid: number): boolean {
    try {
      const bytes = peakBytes(pid)
      // A process that waits to be reaped has none.
      if (Number.isNaN(bytes)) return false
      this.#bytes = Math.max(this.#bytes, bytes)
      return true
    } catch {
      return false
    }
  }
}
