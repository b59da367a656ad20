import { type joinGlobal, json, type leftJoinGlobal, sink, topic, topology } from '../../lib/index.ts'

interface Order {
  readonly name: string
  readonly country: string | null
}

/** Orders of any key with countries; "?" can't be told. */
export function globallyJoined(verb: typeof joinGlobal | typeof leftJoinGlobal) {
  return topology('spec', ({ source, globalTable }) => {
    const countries = globalTable('countries', topic('global', { value: json<string>() }))
    source('orders', topic('stream', { value: json<Order>() }), { nullValues: 'pass' }).pipe(
      verb(
        'joined',
        countries,
        ({ country }) => {
          if (country === '?') throw new Error('no country')
          return country
        },
        ({ name }, row: string | null) => `${name}+${row}`,
      ),
      sink('out', topic('out', { value: json() })),
    )
  })
}

export const order = (name: string, country: string | null): Order => ({ name, country })
