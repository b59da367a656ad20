import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { crc32c } from '../../lib/state/crc32c.ts'
import { startKafka } from '../../services/kafka.ts'
import { freePorts } from '../../services/ports.ts'
import type { RunningServer, StartOptions } from '../../services/server.ts'
import { makeServersDirectory } from '../support/spec-servers.ts'
import { CopyStage } from './copy/copy-stage.ts'
import { names } from './copy/workload.ts'
import { report } from './support/report.ts'
import { rowRecords } from './support/row-records.ts'
import type { RowWorker } from './support/row-worker.ts'

const SESSION_MS = 6_000
const RECORDS = rowRecords()
const PARTITION = 1
/** Kafka knows 0 to 4. */
const UNKNOWN_CODEC = 5
const BATCH_PREFIX = 12
const CRC_AT = 17
const ATTRIBUTES_AT = 21

describe('fault row 17: a batch of a codec that nobody knows', () => {
  const ended: { how: string; failed: RowWorker['failed']; committed: number | undefined }[] = []
  let dir: string
  let options: StartOptions
  let kafka: RunningServer
  let stage: CopyStage
  let first: number

  before(async () => {
    dir = await makeServersDirectory()
    const [port, internalPort] = await freePorts(2)
    options = { dir, port, internalPort }
    kafka = await startKafka(options)
    stage = await CopyStage.open(kafka.address, SESSION_MS)
    await stage.write(RECORDS / 2)
    await stage.write(RECORDS / 2)
    const { input } = names(stage.run)
    await kafka.stop()
    first = recode(join(kafka.dataDir, `${input}-${PARTITION}`, '00000000000000000000.log'))
    kafka = await startKafka(options)
    for (let life = 0; life < 3; life++) {
      const worker = stage.worker({ batch: 500 })
      const how = await worker.ended
      ended.push({ how, failed: worker.failed, committed: await committed() })
    }
    const { lost, duplicated } = await stage.judged()
    // What is committed of the input must be there, once.
    const covered = await stage.committed()
    report({
      ...{ row: 17, fault: 'a batch of an unknown codec: stopped before it', records: RECORDS, kills: 0 },
      ...{ lost: Math.max(0, lost.length - (RECORDS - covered)), duplicated: duplicated.length },
      ...{ recoverySeconds: null, peakMemory: stage.memory.bytes },
    })
    expect(lost.length).to.equal(RECORDS - covered)
    expect(duplicated).to.deep.equal([])
  })

  after(async () => {
    await stage?.clear()
    await kafka?.stop()
    rmSync(dir, { recursive: true, force: true })
  })

  async function committed(): Promise<number | undefined> {
    const { application, input } = names(stage.run)
    const positions = await stage.broker.admin.committed(application, [input])
    return positions.find(({ partition }) => partition === PARTITION)?.offset
  }

  it('should stop, naming the offset, after every restart', () => {
    for (const { how, failed } of ended) {
      expect(how).to.equal('1')
      expect(failed).to.include({ code: 'POISON' })
      expect(failed?.message).to.include(
        `the record batch at offset ${first} can't be decoded (compression 5)`,
      )
    }
  })

  it('should not have committed a position beyond it', () => {
    for (const { committed } of ended) expect(committed ?? 0).to.be.at.most(first)
  })
})

/** Gives the last batch of a segment another codec, as a producer would that knows more. Returns its first offset. */
function recode(segment: string): number {
  const bytes = readFileSync(segment)
  let at = 0
  for (let next = 0; next < bytes.length; next += BATCH_PREFIX + bytes.readInt32BE(next + 8)) at = next
  bytes.writeInt16BE((bytes.readInt16BE(at + ATTRIBUTES_AT) & ~0x07) | UNKNOWN_CODEC, at + ATTRIBUTES_AT)
  const end = at + BATCH_PREFIX + bytes.readInt32BE(at + 8)
  bytes.writeUInt32BE(crc32c(bytes.subarray(at + ATTRIBUTES_AT, end)) >>> 0, at + CRC_AT)
  writeFileSync(segment, bytes)
  return Number(bytes.readBigInt64BE(at))
}
