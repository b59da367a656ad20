import type { Broker } from '../../lib/broker/broker.ts'

/** The broker, but for some of it. */
export function overridden(broker: Broker, other: Partial<Broker>): Broker {
  const get = (_: object, name: keyof Broker) => {
    const own = other[name] ?? broker[name]
    return typeof own === 'function' && other[name] === undefined ? own.bind(broker) : own
  }
  return new Proxy(broker, { get: get as never })
}
