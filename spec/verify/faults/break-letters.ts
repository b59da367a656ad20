import type { RawRecord } from '../../../lib/record.ts'
import type { Breakage } from './breakage.ts'

export async function breakLetters(breakage: Breakage): Promise<void> {
  const { by, wrong, duplicated } = breakage
  const [letter] = await by.records('user-insights.dlq')
  const moved = letter!.headers.map(([name, text]) =>
    name === 'millrace.dlq.offset' ? ([name, Buffer.from('999999')] as const) : ([name, text] as const),
  )
  const origin = (headers: RawRecord['headers']) =>
    ['topic', 'partition', 'offset']
      .map((part) => headers.find(([name]) => name === `millrace.dlq.${part}`)![1])
      .join('/')
  await by.send(letter!, { ...letter!, headers: moved })
  duplicated.add(`duplicated user-insights.dlq ${origin(letter!.headers)}`)
  wrong.add(`too many user-insights.dlq ${origin(moved)}`)

  const [refused] = await by.records('users.raw.dlq')
  const id = String(refused!.headers.find(([name]) => name === 'millrace.dlq.id')![1])
  const stranger = refused!.headers.map(([name, text]) =>
    name === 'millrace.dlq.id' ? ([name, Buffer.from('999999')] as const) : ([name, text] as const),
  )
  await by.send(refused!, { ...refused!, headers: stranger })
  duplicated.add(`duplicated users.raw.dlq ${id}`)
  wrong.add('too many users.raw.dlq 999999')
}
