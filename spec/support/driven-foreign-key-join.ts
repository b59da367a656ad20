import { type ForeignKeyJoinOptions, json, sink, type Table, topic, topology } from '../../lib/index.ts'

export interface Row {
  readonly to: string | null
  readonly v: string | number
}

/** `foreignKeyJoin`, or its like. */
export type ForeignKeyVerb = (
  name: string,
  other: Table<string, string>,
  foreignKeyOf: (row: Row) => string | null,
  join: (row: Row, other: string | null) => string,
  options?: ForeignKeyJoinOptions<string>,
) => (left: Table<string, Row>) => Table<string, string>

/** Rows `{to, v}` of topic `left` with the texts of topic `right`; what refers to "?" can't be told. */
export function joinedByReference(verb: ForeignKeyVerb, { materialize = true } = {}) {
  return topology('spec', ({ table }) => {
    const right = table('right-rows', topic('right', { value: json<string>() }))
    table('left-rows', topic('left', { value: json<Row>() })).pipe(
      verb(
        'joined',
        right,
        ({ to }: Row) => {
          if (to === '?') throw new Error('no reference')
          return to
        },
        ({ v }, row: string | null) => `${v}+${row}`,
        { materialize },
      ),
      sink('out', topic('out', { value: json<string>() })),
    )
  })
}

export const to = (reference: string | null, v: string | number): Row => ({ to: reference, v })
