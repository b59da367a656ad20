import { z } from 'zod'

/** What JSON can say: the values of every scenario, and of every topology that scenarios name. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json }

/** `end` is exclusive for tumbling and hopping windows, inclusive for sliding windows and sessions. */
export interface WindowedKey {
  readonly key: string
  readonly start: number
  readonly end: number
}

export type Key = string | WindowedKey | null

/** A name that occurs twice has an array. */
export type ScenarioHeaders = Readonly<Record<string, string | readonly string[]>>

export interface InputRecord {
  readonly topic: string
  readonly key: string | null
  /** Null is a tombstone. */
  readonly value: Json
  /** Milliseconds since 1970 UTC. */
  readonly timestamp: number
  readonly headers?: ScenarioHeaders | undefined
}

/** The wall clock starts at 0 and moves by these steps alone. */
export interface WallClockStep {
  readonly advanceWallClockMs: number
}

export type Input = InputRecord | WallClockStep

export interface Output {
  /** The index of the input that caused it. */
  readonly after: number
  readonly topic: string
  readonly key: Key
  readonly value: Json
  readonly timestamp: number
  /** Absent where there are none. */
  readonly headers?: ScenarioHeaders | undefined
}

export interface StoreRow {
  readonly key: string | WindowedKey
  readonly value: Json
  /** Absent in session stores and in the stores of processors. */
  readonly timestamp?: number | undefined
}

export type Stores = Readonly<Record<string, readonly StoreRow[]>>

export type Params = Readonly<Record<string, Json>>

/** What a topology did with a scenario's inputs: outputs in the order emitted, and the final contents of its named stores. */
export interface Answer {
  readonly outputs: readonly Output[]
  readonly stores: Stores
}

/** One scenario file. Without `outputs` or `stores` it is a question only: it can be answered, not compared. */
export interface Scenario {
  readonly topology: string
  readonly case?: string | undefined
  readonly params: Params
  readonly seed?: number | undefined
  /** Who answered. */
  readonly oracle?: string | undefined
  readonly inputs: readonly Input[]
  readonly outputs?: readonly Output[] | undefined
  readonly stores?: Stores | undefined
}

const json = z.custom<Json>((value) => value !== undefined, 'a JSON value is missing')
const headers = z.record(z.string(), z.union([z.string(), z.array(z.string())])).optional()
const windowedKey = z.strictObject({ key: z.string(), start: z.int(), end: z.int() })
const timestamp = z.int()

const inputRecord = z.strictObject({
  topic: z.string(),
  key: z.string().nullable(),
  value: json,
  timestamp,
  headers,
})
const wallClockStep = z.strictObject({ advanceWallClockMs: z.int().nonnegative() })
const output = z.strictObject({
  after: z.int().nonnegative(),
  topic: z.string(),
  key: z.union([z.string(), windowedKey]).nullable(),
  value: json,
  timestamp,
  headers,
})
const storeRow = z.strictObject({
  key: z.union([z.string(), windowedKey]),
  value: json,
  timestamp: timestamp.optional(),
})

const scenario = z
  .object({
    topology: z.string().min(1),
    case: z.string().optional(),
    params: z.record(z.string(), json),
    seed: z.int().optional(),
    oracle: z.string().optional(),
    inputs: z.array(z.union([inputRecord, wallClockStep])),
    outputs: z.array(output).optional(),
    stores: z.record(z.string(), z.array(storeRow)).optional(),
  })
  .refine(({ inputs, outputs }) => outputs?.every(({ after }) => after < inputs.length) ?? true, {
    path: ['outputs'],
    message: 'an output comes after an input that is not there',
  })

/** Whether JSON is meant as a scenario at all; `comparators.json`, for one, is not. */
export function looksLikeScenario(value: unknown): boolean {
  return typeof value === 'object' && value !== null && ('topology' in value || 'inputs' in value)
}

/** Throws an error that says where it is no scenario: `inputs.3.timestamp: …`. */
export function scenarioOf(value: unknown): Scenario {
  const { data, error } = scenario.safeParse(value)
  if (error === undefined) return data
  const { path, message } = deepest(error.issues[0]!)
  throw new Error(`${path.length > 0 ? path.join('.') : 'the file'}: ${message}`)
}

/** Of what fits none of several shapes, what it lacks of the nearest: the one of its type with the fewest faults. */
function deepest(issue: z.core.$ZodIssue): { path: readonly PropertyKey[]; message: string } {
  if (issue.code !== 'invalid_union') return issue
  const otherType = (faults: readonly z.core.$ZodIssue[]) =>
    faults[0]?.code === 'invalid_type' && faults[0].path.length === 0
  const distance = (faults: readonly z.core.$ZodIssue[]) => (otherType(faults) ? 100 : faults.length)
  const nearest = issue.errors.toSorted((a, b) => distance(a) - distance(b))[0]?.[0]
  if (nearest === undefined) return issue
  const { path, message } = deepest(nearest)
  return { path: [...issue.path, ...path], message }
}
