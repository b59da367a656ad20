import type { Headers } from '../record.ts'

/** Of records in topics: which version of an application wrote them, once there was more than one (`replay promote`). */
export const GENERATION = 'millrace.generation'

/** With this one, instead of that of the record that led to it. */
export function withGeneration(headers: Headers, generation: number): Headers {
  return [
    ...headers.filter(([name]) => name !== GENERATION),
    [GENERATION, Buffer.from(String(generation))] as const,
  ]
}
