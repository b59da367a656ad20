import { deflateRawSync, inflateRawSync } from 'node:zlib'
import type { MemberShare } from '../../lib/broker/assign-tasks.ts'
import type { MemberData } from '../../lib/broker/broker.ts'

/** Said when joining. */
export type Joining = MemberData | undefined

/** Said in an assignment, beside its partitions. */
export type Given = Pick<MemberShare, 'standbys' | 'owners'>

export const NOTHING_GIVEN: Given = { standbys: [], owners: [] }

/** Raised by every change after which an older millrace would misunderstand. */
const VERSION = 1
const LARGEST = 64 * 1024 * 1024

/** The names of tasks repeat themselves, and a group's assignments are one record on Kafka: they are packed. */
export function encodeUserData(data: Joining | Given): Buffer {
  if (data === undefined) return Buffer.alloc(0)
  return Buffer.concat([Buffer.of(VERSION), deflateRawSync(JSON.stringify(data))])
}

/** Undefined where another version, or nobody, has said anything: a rolling update goes on without it. */
export function decodeUserData<T extends MemberData | Given>(
  bytes: Buffer | null | undefined,
): T | undefined {
  if (bytes?.[0] !== VERSION) return undefined
  try {
    return JSON.parse(String(inflateRawSync(bytes.subarray(1), { maxOutputLength: LARGEST }))) as T
  } catch {
    return undefined
  }
}
