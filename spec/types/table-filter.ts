/** What `tableFilter` infers, and what must not compile. Checked by `npm run types`; there is nothing to run. */
import { json, type Table, tableFilter } from '../../lib/index.ts'

interface Cat {
  readonly kind: 'cat'
  readonly lives: number
}

interface Dog {
  readonly kind: 'dog'
}

declare const pets: Table<string, Cat | Dog>
declare const numbered: Table<number, Dog>

const isCat = (pet: Cat | Dog): pet is Cat => pet.kind === 'cat'

export const kept: Table<string, Cat | Dog> = pets.pipe(
  tableFilter('named', (pet, key) => pet.kind === 'dog' && key.length > 1),
)
export const cats: Table<string, Cat> = pets.pipe(tableFilter('cats', isCat))
export const catsInAStore: Table<string, Cat> = pets.pipe(
  tableFilter('cats', isCat, { materialize: true, value: json<Cat>() }),
)
export const byNumber: Table<number, Dog> = numbered.pipe(tableFilter('even', (_, key) => key % 2 === 0))

// @ts-expect-error: dogs have no lives
pets.pipe(tableFilter('lively', (pet) => pet.lives > 1))

// @ts-expect-error: pets are no numbers
pets.pipe(tableFilter('kept', () => true, { materialize: true, value: json<number>() }))

// @ts-expect-error: a predicate says yes or no
pets.pipe(tableFilter('text', (pet) => pet.kind))
