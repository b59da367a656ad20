import { join } from 'node:path'
import { expect } from 'chai'
import { encodeChunk } from '../../../../connectors/embedded/log/encode-chunk.ts'
import type { TransactionCommit } from '../../../../connectors/embedded/log/log.ts'
import { NO_HEADERS } from '../../../../lib/record.ts'
import { failureOf } from '../../../conformance/failure-of.ts'
import { logFolder } from '../log-folder.ts'
import { LogHarness } from './open-log.ts'

const record = { key: Buffer.from('k'), value: Buffer.from('v'), timestamp: 1, headers: NO_HEADERS }

describe('writers of transactions in the embedded log', () => {
  const root = logFolder()
  let dirs = 0
  let dir: string
  let harness: LogHarness

  beforeEach(async () => {
    dir = join(root, String(++dirs))
    harness = await LogHarness.open(dir)
  })
  afterEach(() => harness.log.close())

  const reopen = async () => {
    await harness.log.close()
    harness = await LogHarness.open(dir)
  }
  const transaction = (epoch: number, sequence: number): TransactionCommit => ({
    id: 'id',
    epoch,
    sequence,
    group: 'group',
    positions: [{ topic: harness.topic, partition: 0, offset: sequence }],
    chunks: [{ topic: harness.topic, partition: 0, chunk: encodeChunk([record]) }],
  })
  const position = async () => (await harness.log.positions('group', [harness.topic]))[0]?.offset

  it('should be known when the log is opened again', async () => {
    const epoch = await harness.log.openWriter('id')
    await harness.log.commitTransaction(transaction(epoch, 1))
    await reopen()
    await harness.log.commitTransaction(transaction(epoch, 2))
    expect(await harness.contents()).to.deep.equal(['0:k=v', '1:k=v'])
    expect(await position()).to.equal(2)
  })

  it('should stay fenced when the log is opened again', async () => {
    const older = await harness.log.openWriter('id')
    expect(await harness.log.openWriter('id')).to.equal(older + 1)
    await reopen()
    const error = await failureOf(harness.log.commitTransaction(transaction(older, 1)))
    expect(error.code).to.equal('FENCED')
    expect(await harness.contents()).to.deep.equal([])
    expect(await position()).to.equal(undefined)
  })

  it('should have a transaction written once, however often it is asked for', async () => {
    const epoch = await harness.log.openWriter('id')
    await Promise.all([1, 1].map((sequence) => harness.log.commitTransaction(transaction(epoch, sequence))))
    await reopen()
    await harness.log.commitTransaction(transaction(epoch, 1))
    expect(await harness.contents()).to.deep.equal(['0:k=v'])
  })

  it('should not hinder writers of other ids', async () => {
    const epoch = await harness.log.openWriter('id')
    await harness.log.openWriter('id-2')
    await harness.log.commitTransaction(transaction(epoch, 1))
    expect(await position()).to.equal(1)
  })

  it('should write nothing of a transaction of which some can not be written', async () => {
    const epoch = await harness.log.openWriter('id')
    const { chunks, ...rest } = transaction(epoch, 1)
    const broken = { ...rest, chunks: [...chunks, { ...chunks[0]!, partition: 7 }] }
    expect((await failureOf(harness.log.commitTransaction(broken))).code).to.equal('WRITE')
    expect(await position()).to.equal(undefined)
    await harness.log.commitTransaction(transaction(epoch, 1))
    expect(await harness.contents()).to.deep.equal(['0:k=v'])
  })
})
