import { sink, suppress, topology, untilTimeLimit } from '../../../../lib/index.ts'
import { jsonTopic, number } from './common.ts'
import type { Build } from './index.ts'

const table: Build = (params) =>
  topology('table-suppress-limit', (builder) => {
    builder
      .table('table', jsonTopic('in'))
      .pipe(suppress('suppressed', limitOf(params)), sink('out', jsonTopic('out')))
  })

export function limitOf(params: Parameters<Build>[0]) {
  return untilTimeLimit(number(params, 'limitMs'), {
    maxRecords: number(params, 'maxRecords'),
    whenFull: 'emit-early',
  })
}

export const SUPPRESS: Readonly<Record<string, Build>> = { 'table-suppress-limit': table }
