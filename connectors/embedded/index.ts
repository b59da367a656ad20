/** The embedded log: what a program needs to open one. */
export { type EmbeddedBroker, openEmbeddedBroker } from './broker.ts'
export type { EmbeddedBrokerOptions, EmbeddedTiming } from './options.ts'
