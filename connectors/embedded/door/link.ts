import { setTimeout as delay } from 'node:timers/promises'
import { backoffDelay } from '../../../lib/backoff.ts'
import { isRetriable, MillraceError, messageOf } from '../../../lib/errors.ts'
import type { Connection } from '../connection.ts'
import type { EmbeddedSettings } from '../options.ts'
import { becomeOwner } from './owner.ts'
import { readOwnerFile } from './owner-file.ts'
import { reachOwner } from './reach-owner.ts'

const PAUSE_MS = 25
const MAX_PAUSE_MS = 2_000

/** The way to the log, whoever owns it now: found again whenever it is lost. */
export class Link {
  readonly #settings: EmbeddedSettings
  readonly #closed = new AbortController()
  #connection: Promise<Connection> | undefined

  constructor(settings: EmbeddedSettings) {
    this.#settings = settings
  }

  /** Rejects with `UNREACHABLE` when that takes longer than the connect time-out, `CONFIG` for what waiting can't cure. */
  connection(): Promise<Connection> {
    this.#connection ??= this.#find()
    return this.#connection
  }

  /**
   * Asks until there is an answer: again, of whoever owns the log then, when the owner has gone or given the log up.
   * What failed may have been done: it must be harmless to ask twice. Gives up after the connect time-out.
   */
  async ask<T>(question: (connection: Connection) => Promise<T>): Promise<T> {
    const deadline = Date.now() + this.#settings.timing.connect
    for (let attempt = 1; ; attempt++) {
      const connection = await this.connection()
      try {
        return await question(connection)
      } catch (error) {
        if (!isRetriable(error) || this.#closed.signal.aborted || Date.now() > deadline) throw error
      }
      await delay(backoffDelay(attempt, PAUSE_MS, MAX_PAUSE_MS))
    }
  }

  async close(): Promise<void> {
    this.#closed.abort()
    const connection = await this.#connection?.catch(() => undefined)
    await connection?.close()
  }

  async #find(): Promise<Connection> {
    try {
      const connection = await this.#search()
      if (this.#closed.signal.aborted) {
        await connection.close()
        throw closed()
      }
      const forget = () => {
        this.#connection = undefined
      }
      connection.lost.addEventListener('abort', forget)
      if (connection.lost.aborted) forget()
      return connection
    } catch (error) {
      this.#connection = undefined
      throw error
    }
  }

  async #search(): Promise<Connection> {
    const { dir, timing } = this.#settings
    const deadline = Date.now() + timing.connect
    for (;;) {
      if (this.#closed.signal.aborted) throw closed()
      let reason = ''
      try {
        const found = (await this.#reachOwner()) ?? (await becomeOwner(this.#settings))
        if (found !== undefined) return found
      } catch (error) {
        if (!isRetriable(error)) throw error
        reason = ` (${messageOf(error)})`
      }
      if (Date.now() > deadline) throw await unreachable(dir, timing.connect, reason)
      // By chance, so that those who lost an owner together do not go on together.
      await delay(PAUSE_MS * (1 + Math.random()))
    }
  }

  async #reachOwner(): Promise<Connection | undefined> {
    const owner = await readOwnerFile(this.#settings.dir)
    return owner === undefined ? undefined : reachOwner(owner.socket, this.#settings)
  }
}

function closed(): MillraceError {
  return new MillraceError('UNREACHABLE', 'The embedded log was closed', { retriable: false })
}

async function unreachable(dir: string, milliseconds: number, reason: string): Promise<MillraceError> {
  const owner = await readOwnerFile(dir)
  const who = owner === undefined ? 'a process' : `process ${owner.pid} (since ${owner.since})`
  const found = reason === '' ? ` ${who} owns it and does not answer: end that process` : reason
  return new MillraceError(
    'UNREACHABLE',
    `The embedded log in ${dir} could not be reached within ${milliseconds / 1000} s:${found}`,
  )
}
