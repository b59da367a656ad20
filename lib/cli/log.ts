import { Writable } from 'node:stream'
import pino from 'pino'
import type { Logger } from '../log.ts'
import { config } from './config.ts'
import { printAbove } from './up/terminal-block.ts'

/** Names under which a secret might be logged by mistake. */
const REDACTED = ['password', 'databaseUrl', 'DATABASE_URL', 'sasl', 'auth', '*.password', '*.auth']

/** Logs to stderr, so that stdout holds the result alone: JSON lines, or plain ones on a terminal. */
export function logger(name: string): Logger {
  return loggerOf(name, config(['MILLRACE_LOG']).MILLRACE_LOG)
}

/** For commands that show on the terminal how they are doing: there, only what is amiss is logged unless asked for. */
export function viewLogger(name: string): Logger {
  const { MILLRACE_LOG: level } = config(['MILLRACE_LOG'])
  return loggerOf(name, process.stderr.isTTY && !process.env.MILLRACE_LOG ? 'warn' : level)
}

function loggerOf(name: string, level: string): Logger {
  const options = { name, level, redact: REDACTED, base: { name }, timestamp: pino.stdTimeFunctions.isoTime }
  return process.stderr.isTTY
    ? pino(options, plainLines())
    : pino(options, pino.destination({ dest: 2, sync: true }))
}

const LEVELS: Readonly<Record<number, string>> = { 20: 'debug', 30: 'info', 40: 'warn', 50: 'error' }

function plainLines(): Writable {
  return new Writable({
    write(chunk, _encoding, done) {
      const { level, time, msg, name, ...fields } = JSON.parse(String(chunk))
      const rest = Object.keys(fields).length === 0 ? '' : ` ${JSON.stringify(fields)}`
      printAbove(
        process.stderr,
        `${String(time).slice(11, 19)} ${LEVELS[level] ?? level} ${name}: ${msg}${rest}\n`,
      )
      done()
    },
  })
}
