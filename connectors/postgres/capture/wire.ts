import pg from 'pg'
import { MillraceError } from '../../../lib/errors.ts'
import { connectionConfig, serverOf } from '../connection.ts'
import { databaseError, sqlState } from '../database-error.ts'
import { quoteIdentifier } from '../identifier.ts'
import { formatLsn, type Lsn, laterOf, parseLsn } from './lsn.ts'
import { parseReplicationMessage, type ReplicationMessage, standbyStatus } from './replication-message.ts'
import { quoteSlot } from './slot-name.ts'
import { TEXT_SETTINGS } from './text-format.ts'

/** A connection in replication mode. All failures are `MillraceError`s. */
export interface Replication {
  /**
   * Makes a temporary slot and exports its snapshot: it holds exactly the transactions that committed before `at`.
   * Waits for the write transactions that are running. The snapshot can be taken over until the connection closes.
   */
  exportSnapshot(temporarySlot: string): Promise<{ readonly snapshot: string; readonly at: Lsn }>
  /** Starts the stream; the connection serves nothing else from then on. */
  stream(from: StreamStart, listener: StreamListener): WalStream
  /** Ends the connection, and with it the stream and the temporary slot. */
  close(): Promise<void>
}

export interface StreamStart {
  readonly slot: string
  readonly publication: string
  /** All before this is known to be delivered. */
  readonly lsn: Lsn
}

export interface StreamListener {
  /** Called for every message in order. Must read the payload at once: its memory is used again. */
  message(message: ReplicationMessage): void
  /** The stream is over and `close` was not called. Called once at most. */
  failed(error: unknown): void
}

export interface WalStream {
  /** Allows the server to forget all before `lsn`: only for what is durable elsewhere. Told at once. */
  acknowledge(lsn: Lsn): void
  /** Backpressure. What has been received may still arrive, up to one read of the socket (64 KiB). */
  pause(): void
  resume(): void
}

/** Far below any sensible wal_sender_timeout (60 s by default): the server must not give us up while Kafka is away. */
const STATUS_EVERY_MS = 1_000
const CLOSE_TIMEOUT_MS = 2_000

/** @throws {MillraceError} `UNREACHABLE`, or `CONFIG` when the server refuses the role. */
export async function openReplication(databaseUrl: string, name: string): Promise<Replication> {
  const server = serverOf(databaseUrl)
  const client = new pg.Client(replicationConfig(databaseUrl, name))
  const connection = new ReplicationConnection(client, server)
  try {
    await client.connect()
    await client.query(TEXT_SETTINGS)
  } catch (error) {
    await connection.close()
    throw databaseError(error, 'open a replication connection', server)
  }
  return connection
}

/** `replication` is read by pg's connection-parameters.js; its types don't know it. */
function replicationConfig(databaseUrl: string, name: string): pg.ClientConfig {
  const config = { ...connectionConfig(databaseUrl, name), replication: 'database' }
  return config
}

/** pg's Connection, with what its types leave out. */
interface CopyConnection extends pg.Connection {
  sendCopyFromChunk(chunk: Buffer): void
}

class ReplicationConnection implements Replication {
  readonly #client: pg.Client
  readonly #server: string
  readonly #ended: Promise<void>
  #closing = false
  #stream: { stop(): void; lost(error: unknown): void } | undefined

  constructor(client: pg.Client, server: string) {
    this.#client = client
    this.#server = server
    this.#ended = new Promise((resolve) => client.connection.once('end', resolve))
    client.on('error', (error) => this.#stream?.lost(error))
  }

  async exportSnapshot(temporarySlot: string): Promise<{ snapshot: string; at: Lsn }> {
    try {
      const { rows } = await this.#client.query<{ consistent_point: string; snapshot_name: string }>(
        `CREATE_REPLICATION_SLOT ${quoteSlot(temporarySlot)} TEMPORARY LOGICAL pgoutput EXPORT_SNAPSHOT`,
      )
      const [row] = rows
      if (row === undefined) throw new Error('no answer to CREATE_REPLICATION_SLOT')
      return { snapshot: row.snapshot_name, at: parseLsn(row.consistent_point) }
    } catch (error) {
      throw databaseError(error, 'take a snapshot', this.#server)
    }
  }

  stream(from: StreamStart, listener: StreamListener): WalStream {
    const socket = this.#client.connection.stream
    let written = from.lsn
    let flushed = from.lsn
    const tell = () => {
      if (!this.#closing) this.#send(standbyStatus(written, flushed, Date.now()))
    }
    const timer = setInterval(tell, STATUS_EVERY_MS)
    const lost = (error: unknown) => {
      clearInterval(timer)
      if (this.#closing) return
      this.#closing = true
      listener.failed(streamError(error, from, this.#server))
    }
    this.#stream = { lost, stop: () => clearInterval(timer) }
    const receive = (chunk: Buffer) => {
      if (this.#closing) return
      try {
        const message = parseReplicationMessage(chunk)
        written = laterOf(written, message.walEnd)
        listener.message(message)
        if (message.kind === 'keepalive' && message.replyRequested) tell()
      } catch (error) {
        lost(error)
      }
    }
    this.#client.query(copyBoth(startReplication(from), receive, lost))
    return {
      acknowledge: (lsn) => {
        flushed = laterOf(flushed, lsn)
        written = laterOf(written, flushed)
        tell()
      },
      pause: () => void socket.pause(),
      resume: () => void socket.resume(),
    }
  }

  async close(): Promise<void> {
    this.#closing = true
    this.#stream?.stop()
    const { connection } = this.#client
    // The server reads what was acknowledged before it reads the goodbye; unread data would keep the socket open.
    connection.stream.resume()
    connection.end()
    const timer = setTimeout(() => connection.stream.destroy(), CLOSE_TIMEOUT_MS)
    await this.#ended
    clearTimeout(timer)
  }

  #send(status: Buffer): void {
    const connection = this.#client.connection as CopyConnection
    connection.sendCopyFromChunk(status)
  }
}

/** Slot in use; WAL removed; slot invalidated: whether that is the end shows when the slot is looked at again. */
const LOOK_AGAIN = new Set(['55006', '58P01', '55000'])

function streamError(error: unknown, { slot, publication }: StreamStart, server: string): MillraceError {
  const state = sqlState(error)
  if (state === '42704') {
    return new MillraceError(
      'DATA_LOSS',
      `publication ${publication} did not exist while rows were written, so slot ${slot} can't tell them. ` +
        'To capture every row again: millrace apply --recapture, with the name of the capture',
    )
  }
  if (state !== undefined && LOOK_AGAIN.has(state)) {
    return new MillraceError(
      'UNREACHABLE',
      `PostgreSQL at ${server} ended the stream of slot ${slot} (SQLSTATE ${state})`,
    )
  }
  return databaseError(error, `stream from slot ${slot}`, server)
}

function startReplication({ slot, publication, lsn }: StreamStart): string {
  const plugin = `proto_version '1', publication_names '${quoteIdentifier(publication)}'`
  return `START_REPLICATION SLOT ${quoteSlot(slot)} LOGICAL ${formatLsn(lsn)} (${plugin})`
}

/** A statement whose answer is CopyBoth: pg hands its messages to the statement that runs. */
function copyBoth(text: string, receive: (chunk: Buffer) => void, lost: (error: unknown) => void) {
  const over = () => lost(new Error('Connection terminated: the server ended the stream'))
  return {
    submit: (connection: pg.Connection) => connection.query(text),
    handleCopyData: ({ chunk }: { chunk: Buffer }) => receive(chunk),
    handleCommandComplete: over,
    handleReadyForQuery: over,
    handleError: lost,
  }
}
