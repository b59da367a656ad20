import type { StateBackend } from '../../lib/state/ordered-bytes.ts'

const KEYS = 400
const CHANGES = 300

/** What the process that is killed does before its nth save, so that what n saves make can be known without it. */
export function change(state: Pick<StateBackend, 'bytes'>, n: number): void {
  const [counts, notes] = [state.bytes('counts'), state.bytes('notes')]
  for (let i = 0; i < CHANGES; i++) {
    const key = String((n * 31 + i * 7) % KEYS)
    if ((n + i) % 5 === 0) counts.delete(key)
    else counts.set(key, Buffer.from(`${n}/${i}`.repeat(1 + (i % 40))))
  }
  notes.set(String(n), Buffer.from(`note ${n}`))
  notes.delete(String(n - 10))
}

/** All that is in these stores. */
export function contents(
  state: Pick<StateBackend, 'bytes'>,
  ...stores: readonly string[]
): Record<string, string> {
  const entries = stores.flatMap((store) =>
    Array.from(state.bytes(store).entries(), ([key, value]) => [`${store}/${key}`, value.toString('latin1')]),
  )
  return Object.fromEntries(entries)
}
