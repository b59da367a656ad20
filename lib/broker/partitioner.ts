/**
 * Kafka's default partitioner for keyed records: `toPositive(murmur2(key)) % partitions`, so that our topics are
 * co-partitioned with those written by the Java client (org.apache.kafka.common.utils.Utils.murmur2).
 */
export function partitionFor(key: Buffer, partitions: number): number {
  return (murmur2(key) & 0x7fffffff) % partitions
}

const M = 0x5bd1e995
const SEED = 0x9747b28c

export function murmur2(data: Buffer): number {
  const length = data.length
  let h = SEED ^ length
  const words = length >> 2
  for (let i = 0; i < words; i++) {
    let k = data.readInt32LE(i << 2)
    k = Math.imul(k, M)
    k ^= k >>> 24
    k = Math.imul(k, M)
    h = Math.imul(h, M) ^ k
  }
  const tail = words << 2
  const rest = length & 3
  if (rest === 3) h ^= data[tail + 2]! << 16
  if (rest >= 2) h ^= data[tail + 1]! << 8
  if (rest >= 1) h = Math.imul(h ^ data[tail]!, M)
  h ^= h >>> 13
  h = Math.imul(h, M)
  return h ^ (h >>> 15)
}
