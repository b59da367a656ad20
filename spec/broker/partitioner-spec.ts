import { expect } from 'chai'
import { murmur2, partitionFor } from '../../lib/broker/partitioner.ts'

/** Key (hex), murmur2, partition of 3, of 12, of 97: printed by the Java client's Utils and BuiltInPartitioner, 4.3.1. */
const JAVA: readonly (readonly [string, number, number, number, number])[] = [
  ['', 275646681, 0, 9, 35],
  ['61', -1563381124, 1, 4, 49],
  ['6162', 316155434, 2, 2, 36],
  ['616263', 479470107, 0, 3, 77],
  ['61626364', -1323649548, 2, 8, 5],
  ['6162636465', 461995741, 1, 1, 67],
  ['666f6f626172', -790332482, 0, 6, 13],
  ['612d6c6974746c652d6269742d6c6f6e672d737472696e67', -985981536, 2, 8, 56],
  [
    '6c6b6a683233346c68396669756839307932336f697568736166756a6861646f66323239706872396831396838396838',
    -58897971,
    2,
    5,
    10,
  ],
  ['5ac3bc72696368', -1551140815, 1, 1, 25],
  ['e69d8ee6988e', 1044135731, 2, 11, 86],
  ['33663261386239652d366433632d346236322d396137372d306331643265336634613562', -718507359, 2, 5, 31],
  ['00', 375494588, 2, 8, 22],
  ['ff', -311467685, 0, 3, 60],
  ['00000000', 850957120, 1, 4, 79],
  ['fffe807f81', -187712184, 2, 8, 51],
  ['00000000000000d4', 1635928530, 0, 6, 56],
]

describe('partitioner', () => {
  for (const [hex, hash, of3, of12, of97] of JAVA) {
    it(`should place key 0x${hex} as the Java client does`, () => {
      const key = Buffer.from(hex, 'hex')
      expect(murmur2(key)).to.equal(hash)
      expect([3, 12, 97].map((partitions) => partitionFor(key, partitions))).to.deep.equal([of3, of12, of97])
    })
  }
})
