/** Has the log open and asks nothing of it: its first owner, and one who can take it over. */
import { openEmbeddedBroker } from '../../../connectors/embedded/index.ts'

await openEmbeddedBroker({ dir: process.argv[2]! })
process.send!({ ready: true })
