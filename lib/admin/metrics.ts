import { collectDefaultMetrics, type Metric, Registry } from 'prom-client'
import { FAMILIES, type Family, type Measured, type Sample } from './metric-families.ts'
import type { Workers } from './workers.ts'

/** All figures of the workers of this process, and those of the process itself. */
export class Metrics {
  readonly contentType: string
  readonly #process = new Registry()
  readonly #workers: Workers

  constructor(workers: Workers) {
    this.#workers = workers
    this.contentType = this.#process.contentType
    collectDefaultMetrics({ register: this.#process })
  }

  /** In Prometheus' text format. A worker that does not answer is left out. */
  async text(): Promise<string> {
    const measured = await Promise.all(
      this.#workers.all.map(async ({ view }) => {
        const [metrics, status] = await Promise.all([
          this.#workers.inTime(view.metrics()),
          this.#workers.inTime(view.status()),
        ])
        return metrics && status && { ...metrics, state: status.state }
      }),
    )
    const workers = measured.filter((one) => one !== undefined)
    const registry = new Registry()
    for (const family of FAMILIES) registry.registerMetric(metricOf(family, workers))
    return `${await registry.metrics()}\n${await this.#process.metrics()}`
  }

  close(): void {
    this.#process.clear()
  }
}

/** What the workers have counted themselves, in the shape of a metric of the package. */
function metricOf({ name, type, help, samples }: Family, workers: readonly Measured[]): Metric {
  const values = summed(workers.flatMap(samples))
  return { name, get: async () => ({ name, type, help, values }) } as unknown as Metric
}

/** Threads of one topology count together. */
function summed(samples: readonly Sample[]): Sample[] {
  const sums = new Map<string, Sample>()
  for (const sample of samples) {
    const id = JSON.stringify([sample.metricName, sample.labels])
    sums.set(id, { ...sample, value: sample.value + (sums.get(id)?.value ?? 0) })
  }
  return [...sums.values()]
}
