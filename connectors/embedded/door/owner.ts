import { messageOf } from '../../../lib/errors.ts'
import type { Connection } from '../connection.ts'
import { Engine } from '../engine.ts'
import { cleanEvery } from '../log/cleaner.ts'
import { Log } from '../log/log.ts'
import { storeError } from '../log/store-error.ts'
import type { EmbeddedSettings } from '../options.ts'
import { newSocketPath, removeOwnerFiles, writeOwnerFile } from './owner-file.ts'
import { type LogServer, serveLog } from './server.ts'

/**
 * Takes the log if no process has it: opens it, serves it to the others, and keeps it clean. Resolves with undefined
 * when another process has it. Closing gives it up; a failed write does too, for only opening it again cures that.
 */
export async function becomeOwner(settings: EmbeddedSettings): Promise<Connection | undefined> {
  const { dir, timing, logger } = settings
  const log = await Log.open(dir)
  if (log === undefined) return undefined
  const engine = new OwnerConnection(log, settings)
  try {
    await removeOwnerFiles(dir)
    const socket = await newSocketPath(dir)
    engine.server = await serveLog(engine, socket, settings)
    await writeOwnerFile(dir, socket)
  } catch (error) {
    await engine.close()
    throw storeError(error, 'serving it', dir)
  }
  logger.debug({ dir, timing }, 'owns the embedded log')
  return engine
}

class OwnerConnection extends Engine {
  server: LogServer | undefined
  readonly #settings: EmbeddedSettings
  readonly #stopCleaning: () => Promise<void>
  #closing: Promise<void> | undefined

  constructor(log: Log, settings: EmbeddedSettings) {
    super({ log, rebalanceTimeout: settings.timing.rebalance })
    this.#settings = settings
    this.#stopCleaning = cleanEvery(settings.timing.clean, log, settings)
    log.failed.addEventListener('abort', () => {
      settings.logger.error({ dir: settings.dir }, messageOf(log.failed.reason))
      void this.close()
    })
  }

  override close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    await this.#stopCleaning()
    await this.server?.close()
    await removeOwnerFiles(this.#settings.dir).catch(() => {})
    await super.close()
  }
}
