/** The servers that millrace runs on, in the order in which they are shown. */
export const serverNames = ['kafka', 'registry', 'postgres', 'cassandra'] as const

/** The other Kafka, two processes, beside the first one: ports and data are its own. */
export const zookeeperNames = ['kafka-zookeeper', 'zookeeper'] as const

export const everyServerName = [...serverNames, ...zookeeperNames] as const

export type ServerName = (typeof everyServerName)[number]

export interface StartOptions {
  /** Absolute path of the directory of all servers' files: this one keeps its own in `<dir>/<name>`. */
  readonly dir: string
  /** Port for clients, on 127.0.0.1. */
  readonly port?: number | undefined
  /** Port between the server's own parts: Kafka's controller or ZooKeeper, Cassandra's storage (gossip). */
  readonly internalPort?: number | undefined
  /** True: the server outlives this process. Default: it is stopped with `stop` or `kill`. */
  readonly detached?: boolean | undefined
  readonly onProgress?: Progress | undefined
}

/** One line about what goes on, for a person who waits. */
export type Progress = (name: ServerName, line: string) => void

export interface RunningServer {
  readonly name: ServerName
  readonly pid: number
  /** `host:port`, or the URL that its clients are given. */
  readonly address: string
  /** The environment variables by which millrace's commands find it. */
  readonly env: Readonly<Record<string, string>>
  /** Where its data is; survives `stop` and `kill`. */
  readonly dataDir: string
  /** Clean stop; resolves when the process has ended. */
  stop(): Promise<void>
  /** kill -9; resolves when the process has ended. */
  kill(): Promise<void>
}
