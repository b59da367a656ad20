import type { Topology } from '../../../../lib/index.ts'
import type { Params } from '../scenario.ts'

/** By the id that scenarios name: what they run through, built from a scenario's `params`. */
export const TOPOLOGIES: Readonly<Record<string, (params: Params) => Topology>> = {}
