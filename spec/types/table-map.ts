/** What `tableMap` infers, and what must not compile. Checked by `npm run types`; there is nothing to run. */
import { json, sink, type Table, tableFilter, tableMap, topic, toStream } from '../../lib/index.ts'

interface Cat {
  readonly kind: 'cat'
  readonly lives: number
}

interface Dog {
  readonly kind: 'dog'
}

declare const pets: Table<string, Cat | Dog>

const isCat = (pet: Cat | Dog): pet is Cat => pet.kind === 'cat'

export const lives: Table<string, number> = pets.pipe(
  tableFilter('cats', isCat),
  tableMap('lives', (cat) => cat.lives),
)
// Null is no row.
export const some: Table<string, number> = pets.pipe(
  tableMap('lives', (pet, key) => (pet.kind === 'cat' ? pet.lives + key.length : null), {
    materialize: true,
    value: json<number>(),
  }),
)
lives.pipe(
  tableMap('text', (n) => n.toFixed(2)),
  toStream('updates'),
  sink('out', topic('out', { value: json<string | null>() })),
)

// @ts-expect-error: keys are text
pets.pipe(tableMap('keys', (_, key) => key * 2))

// @ts-expect-error: numbers are not kept as text
lives.pipe(tableMap('kept', (n) => n + 1, { materialize: true, value: json<string>() }))

const updates = pets.pipe(toStream('updates'))
// @ts-expect-error: updates are not rows
updates.pipe(tableMap('rows', (pet) => pet))
