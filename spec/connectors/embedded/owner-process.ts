/** Owns the embedded log in the folder given, and says so, until its standard input ends. */
import { openEmbeddedBroker } from '../../../connectors/embedded/index.ts'

const broker = await openEmbeddedBroker({ dir: process.argv[2]! })
console.log('owns')
process.stdin.resume().once('end', () => broker.close())
