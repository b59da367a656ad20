import { kafka } from '../../../connectors/kafka/index.ts'
import { json, sink, topology } from '../../../lib/index.ts'

/** From `<name>-in` to `<name>-out`, unchanged; the spec gives the name. */
const name = process.env.SPEC_TOPOLOGY ?? 'copy'
const records = json<unknown>()

export default topology(name, ({ source }) => {
  source('in', kafka(`${name}-in`, { value: records })).pipe(
    sink('out', kafka(`${name}-out`, { value: records })),
  )
})
