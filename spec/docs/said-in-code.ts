import * as millrace from '../../lib/index.ts'
import { json, type Stream, sink, structured, type Topology, topic, topology } from '../../lib/index.ts'
import type { Place } from '../../lib/topology/stream.ts'
import { windowsOf } from '../../lib/topology/window-close.ts'

/** What the code of an example says. */
export interface SaidInCode {
  readonly topology: Topology
  /** Everything that the code declares, by name. */
  readonly declared: Readonly<Record<string, unknown>>
  /** How the end of a window is drawn in the outputs of a name. */
  endOf(name: string): ')' | ']'
}

/** The topics that an example's code reads: `topics.left`. Their records have keys and values of text. */
export function topicsIn(code: string): string[] {
  return [...new Set([...code.matchAll(/\btopics\.(\w+)/g)].map((match) => match[1]!))]
}

/**
 * Runs the code of an example inside a topology. All of `millrace` is there by name, the three inputs of a topology,
 * and `topics`. What it declares under one of the names `shown` is written to a topic of that name.
 */
export function saidIn(code: string, shown: readonly string[]): SaidInCode {
  const names = [...code.matchAll(/^const (\w+)/gm)].map((match) => match[1]!)
  const topics = Object.fromEntries(
    topicsIn(code).map((name) => [name, topic<string, string>(name, { value: json<string>() })]),
  )
  let declared: Record<string, unknown> = {}
  const said = topology('example', (builder) => {
    const api: Record<string, unknown> = { ...millrace, ...builder, topics }
    const run = new Function(...Object.keys(api), `{ ${untyped(code)}\nreturn { ${names.join(', ')} } }`)
    declared = run(...Object.values(api))
    for (const name of shown) {
      const target = topic<string, unknown>(name, { key: structured<string>(), value: json() })
      sink(`show-${name}`, target)(placeOf(declared, name) as Stream<string, unknown>)
    }
  })
  return {
    topology: said,
    declared,
    endOf: (name) => (windowsOf(placeOf(declared, name).node)?.kind === 'time' ? ')' : ']'),
  }
}

function placeOf(declared: Readonly<Record<string, unknown>>, name: string): Place {
  const place = declared[name]
  if (place === undefined) throw new Error(`a row is named "${name}", but the code declares no such const`)
  return place as Place
}

/** Parameters of text are all that an example annotates. */
function untyped(code: string): string {
  return code.replace(/(?<=\(\w+): string(?=\))/g, '')
}
