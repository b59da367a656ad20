/** What runs in each thread of `run --threads`: the same as without threads, told what to do by messages. */
import { parentPort, workerData } from 'node:worker_threads'
import { MillraceError } from '../../errors.ts'
import type { Logger } from '../../log.ts'
import type { RunSettings } from './crew.ts'
import { LocalCrew } from './local-crew.ts'
import { type FromThread, sent, type ToThread } from './thread-messages.ts'

const COUNTS_EVERY_MS = 250

const port = parentPort!
const tell = (message: FromThread) => port.postMessage(message)

/** The terminal is the main thread's. */
function remoteLog(): Logger {
  const to = (level: keyof Logger) => (fields: object, message: string) =>
    tell({ kind: 'log', level, fields, message })
  return { debug: to('debug'), info: to('info'), warn: to('warn'), error: to('error') }
}

async function answer({ id, topology, call, said }: Extract<ToThread, { kind: 'ask' }>): Promise<void> {
  try {
    const view = crew.views()[topology]
    if (view === undefined) throw new MillraceError('UNREACHABLE', 'the worker does not run yet')
    tell({ kind: 'answer', id, answer: await view[call](said as never) })
  } catch (error) {
    tell({ kind: 'answer', id, error: sent(error) })
  }
}

const crew = new LocalCrew(workerData as RunSettings, remoteLog(), {
  failed: (topology, error) => tell({ kind: 'failed', topology, error: sent(error) }),
})
port.on('message', (message: ToThread) => {
  if (message.kind === 'stop') crew.stop(message.topology)
  else void answer(message)
})
const counting = setInterval(() => tell({ kind: 'counts', counts: crew.counts() }), COUNTS_EVERY_MS)
try {
  await crew.start()
  tell({ kind: 'running' })
  await crew.done
  tell({ kind: 'counts', counts: crew.counts() })
} catch (error) {
  tell({ kind: 'refused', error: sent(error) })
} finally {
  clearInterval(counting)
  // Nothing is to come any more: the thread ends.
  port.close()
}
