/** What `dedupe` takes and hands on. Checked by `npm run types`; there is nothing to run. */
import { dedupe, type Stream } from '../../lib/index.ts'

declare const users: Stream<number, { readonly id: string }>

export const once: Stream<number, { readonly id: string }> = users.pipe(dedupe('once', { within: '5s' }))

// @ts-expect-error: how long must be said
users.pipe(dedupe('once', {}))
