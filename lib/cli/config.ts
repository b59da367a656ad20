import { readFileSync } from 'node:fs'
import { z } from 'zod'
import { SHORTEST_TOKEN } from '../admin/endpoint.ts'
import { MillraceError, messageOf } from '../errors.ts'

const address = z.string().refine(isAddress, { error: 'must be host:port' })
const addresses = z
  .string()
  .transform((text) => text.split(',').map((part) => part.trim()))
  .pipe(z.array(address).min(1))
const url = (...schemes: string[]) =>
  z.string().refine((text) => URL.canParse(text) && schemes.includes(new URL(text).protocol), {
    error: `must be a URL starting with ${schemes.map((scheme) => `${scheme}//`).join(' or ')}`,
  })

const RESULTS = 'must be a whole number from 1 to 5000'

/** Every variable that millrace reads, and what it must look like. */
const VARIABLES = {
  KAFKA_BROKERS: addresses,
  SCHEMA_REGISTRY_URL: url('http:', 'https:'),
  DATABASE_URL: url('postgres:', 'postgresql:'),
  CASSANDRA_CONTACT_POINTS: addresses,
  CASSANDRA_LOCAL_DC: z.string().min(1).default('datacenter1'),
  CASSANDRA_KEYSPACE: z
    .string()
    .regex(/^[A-Za-z_][A-Za-z0-9_]{0,47}$/, 'must be letters, digits and _')
    .default('insights'),
  RANDOM_USER_URL: url('http:', 'https:'),
  RANDOM_USER_RESULTS: z.coerce
    .number({ error: RESULTS })
    .refine((results) => Number.isInteger(results) && results >= 1 && results <= 5000, { error: RESULTS })
    .default(500),
  RANDOM_USER_SEED: z.string().min(1).default('millrace'),
  INGEST_SCHEDULE: z.string().min(1).default('*/5 * * * *'),
  INGEST_TIMEZONE: z.string().min(1).default('UTC'),
  MILLRACE_ADMIN_TOKEN: z
    .string()
    .min(SHORTEST_TOKEN, { error: `must have at least ${SHORTEST_TOKEN} characters` })
    .optional(),
  MILLRACE_LOG: z
    .enum(['silent', 'error', 'warn', 'info', 'debug'], {
      error: 'must be silent, error, warn, info or debug',
    })
    .default('info'),
} as const

export type Variable = keyof typeof VARIABLES
export type Config<N extends Variable = Variable> = { readonly [K in N]: z.output<(typeof VARIABLES)[K]> }

const EXAMPLES: Partial<Record<Variable, string>> = {
  KAFKA_BROKERS: '127.0.0.1:9092',
  SCHEMA_REGISTRY_URL: 'http://127.0.0.1:8081/apis/ccompat/v7',
  DATABASE_URL: 'postgresql://user@127.0.0.1:5432/postgres',
  CASSANDRA_CONTACT_POINTS: '127.0.0.1:9042',
  RANDOM_USER_URL: 'http://127.0.0.1:8000/api/',
}

/**
 * Reads the variables that a command needs. A secret may also be given as a file: `DATABASE_URL_FILE`.
 *
 * @throws MillraceError `CONFIG` naming every variable that is missing or wrong, never its value.
 */
export function config<N extends Variable>(
  needs: readonly N[],
  env: NodeJS.ProcessEnv = process.env,
): Config<N> {
  const wrong: string[] = []
  const missing: string[] = []
  const read: Record<string, unknown> = {}
  for (const name of needs) {
    const text = textOf(name, env)
    const result = VARIABLES[name].safeParse(text)
    if (result.success) read[name] = result.data
    else if (text === undefined) missing.push(name)
    else wrong.push(`${name} ${result.error.issues[0]?.message ?? 'is wrong'}`)
  }
  if (wrong.length > 0) throw new MillraceError('CONFIG', `${wrong.join('; ')}${example(wrong[0]!)}`)
  if (missing.length > 0) {
    throw new MillraceError(
      'CONFIG',
      `set ${missing.join(', ')}${example(missing[0]!)}; for servers on this machine: ` +
        '`millrace services up`, then `eval "$(millrace services env)"`',
    )
  }
  return read as Config<N>
}

function isAddress(text: string): boolean {
  const port = Number(/^[^\s:,]+:(\d{1,5})$/.exec(text)?.[1])
  return port >= 1 && port <= 65_535
}

function example(text: string): string {
  const name = text.split(' ')[0] as Variable
  return EXAMPLES[name] === undefined ? '' : ` (e.g. ${name}=${EXAMPLES[name]})`
}

function textOf(name: string, env: NodeJS.ProcessEnv): string | undefined {
  const file = env[`${name}_FILE`]
  if (file === undefined || file === '') return env[name] === '' ? undefined : env[name]
  if (env[name]) throw new MillraceError('CONFIG', `${name} and ${name}_FILE are both set; unset one`)
  try {
    return readFileSync(file, 'utf8').trim()
  } catch (error) {
    throw new MillraceError('CONFIG', `${name}_FILE can't be read: ${messageOf(error)}`)
  }
}
