import {
  aggregate,
  count,
  hopping,
  json,
  session,
  sink,
  sliding,
  suppress,
  type Table,
  topic,
  topology,
  tumbling,
  untilWindowCloses,
  type Windowed,
  window,
  windowedKey,
} from '../../../../lib/index.ts'
import type { Windows } from '../../../../lib/windows/windows.ts'
import type { Json, Params } from '../scenario.ts'
import { append, jsonTopic, number } from './common.ts'
import type { Build } from './index.ts'
import { limitOf } from './suppress.ts'

const out = topic('out', { key: windowedKey(), value: json<Json>() })

const kinds: Readonly<Record<string, (params: Params) => Windows>> = {
  tumbling: (params) => tumbling(number(params, 'sizeMs'), { grace: number(params, 'graceMs') }),
  hopping: (params) =>
    hopping(number(params, 'sizeMs'), number(params, 'advanceMs'), { grace: number(params, 'graceMs') }),
  sliding: (params) => sliding(number(params, 'diffMs'), { grace: number(params, 'graceMs') }),
  session: (params) => session(number(params, 'gapMs'), { grace: number(params, 'graceMs') }),
}

type Rows = Table<Windowed<string>, Json>
type Hold = (params: Params) => (rows: Rows) => Rows

const untilClose: Hold = () => suppress('suppressed', untilWindowCloses())
const untilLimit: Hold = (params) => suppress('suppressed', limitOf(params))

function windowed(
  kind: string,
  emit: 'updates' | 'close' = 'updates',
  hold: Hold = () => (rows) => rows,
): Build {
  return (params) =>
    topology(`window-${kind}`, ({ source }) => {
      const windows = source('in', jsonTopic('in'), { nullValues: 'pass' }).pipe(
        window('windowed', kinds[kind]!(params), { emit, retention: number(params, 'retentionMs') }),
      )
      const table =
        params.agg === 'count'
          ? windows.pipe(count('windows'))
          : windows.pipe(
              aggregate(
                'windows',
                (): Json => '',
                (all, v) => append(all as string, v),
                {
                  merge: (a, b) => `${a}${b}`,
                },
              ),
            )
      const rows = table as Rows
      rows.pipe(hold(params), sink('out', out))
    })
}

export const WINDOWS: Readonly<Record<string, Build>> = {
  'window-tumbling-updates': windowed('tumbling'),
  'window-hopping-updates': windowed('hopping'),
  'window-sliding-updates': windowed('sliding'),
  'window-tumbling-emit-on-close': windowed('tumbling', 'close'),
  'window-hopping-emit-on-close': windowed('hopping', 'close'),
  'window-sliding-emit-on-close': windowed('sliding', 'close'),
  'window-session-updates': windowed('session'),
  'window-session-emit-on-close': windowed('session', 'close'),
  'window-tumbling-suppress-close': windowed('tumbling', 'updates', untilClose),
  'window-tumbling-suppress-limit': windowed('tumbling', 'updates', untilLimit),
  'window-hopping-suppress-close': windowed('hopping', 'updates', untilClose),
  'window-hopping-suppress-limit': windowed('hopping', 'updates', untilLimit),
  'window-sliding-suppress-close': windowed('sliding', 'updates', untilClose),
  'window-sliding-suppress-limit': windowed('sliding', 'updates', untilLimit),
  'window-session-suppress-close': windowed('session', 'updates', untilClose),
  'window-session-suppress-limit': windowed('session', 'updates', untilLimit),
}
