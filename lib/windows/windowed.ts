/**
 * A key in one window. `end` is exclusive for tumbling and hopping windows, inclusive for sliding windows and sessions.
 * Milliseconds. (org.apache.kafka.streams.kstream.Windowed)
 */
export interface Windowed<K> {
  readonly key: K
  readonly start: number
  readonly end: number
}
