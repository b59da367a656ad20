import { setTimeout as delay } from 'node:timers/promises'
import type { MillraceProcess } from '../../support/millrace.ts'

const RESUMING = /resuming: ([\d,]+) of ([\d,]+) records are done/
const PROGRESS =
  /^replay: ([\d,]+) of ([\d,]+) records, ([\d,]+)\/s, (?:(?:(\d+) h )?(?:(\d+) min )?(?:(\d+) s )?left|unknown left)$/

interface Seen {
  readonly at: number
  readonly done: number
  /** Seconds, as it said. */
  readonly left: number
}

/** A replay as it is seen by who has started it: what it says, and when. */
export class Watch {
  readonly #process: MillraceProcess
  readonly #seen: Seen[] = []
  #lines = 0
  #ended = 0
  total = 0

  constructor(process: MillraceProcess) {
    this.#process = process
  }

  /** Killed as soon as it says that this share of all is done. */
  async killedAt(share: number): Promise<void> {
    await this.#until(() => this.done >= share * this.total && this.#seen.length > 0)
    this.#process.kill('SIGKILL')
    await this.#process.ended
  }

  async ended(): Promise<void> {
    let over = false
    const end = this.#process.ended.then((end) => {
      over = true
      return end
    })
    await this.#until(() => over)
    const { code, stderr, stdout } = await end
    this.#ended = Date.now()
    if (code !== 0) throw new Error(`the replay ended with ${code}:\n${stdout}${stderr}`)
  }

  /** As it said last. */
  get done(): number {
    return this.#seen.at(-1)?.done ?? this.resumed ?? 0
  }

  /** Where it began, if that is not the beginning. */
  get resumed(): number | undefined {
    const [, done] = RESUMING.exec(this.#process.stdout) ?? []
    return done === undefined ? undefined : numberOf(done)
  }

  /** That this process has done. */
  get records(): number {
    return numberOf(/ done: ([\d,]+) records in /.exec(this.#process.stdout)?.[1] ?? '')
  }

  /** Of the topic, as it said at its end. */
  get read(): number {
    return numberOf(/^read +users\.raw +([\d,]+)$/m.exec(this.#process.stdout)?.[1] ?? '')
  }

  /** What it said at its end, and the peak of its memory in MiB. */
  get peak(): readonly [report: string, mib: number] {
    const { stdout } = this.#process
    return [stdout, numberOf(/peak memory ([\d,]+) MiB/.exec(stdout)?.[1] ?? '')]
  }

  /** What it said was left when this share of its own part was done, and how long it then took. Seconds. */
  afterTheFirst(share: number): { readonly left: number; readonly took: number } {
    const begin = this.resumed ?? 0
    const seen = this.#seen.find(({ done }) => done - begin >= share * (this.total - begin))
    if (seen === undefined) throw new Error('it has said nothing by then')
    return { left: seen.left, took: (this.#ended - seen.at) / 1000 }
  }

  async #until(reached: () => boolean): Promise<void> {
    let alive = true
    void this.#process.ended.then(() => {
      alive = false
    })
    while (!reached()) {
      const over = !alive
      this.#look()
      if (over && !reached()) await this.#failed()
      await delay(20)
    }
  }

  async #failed(): Promise<never> {
    const { code, stdout, stderr } = await this.#process.ended
    throw new Error(`the replay ended with ${code}:\n${stdout}${stderr}`)
  }

  #look(): void {
    const lines = this.#process.stderr.split('\n').slice(0, -1)
    for (const line of lines.slice(this.#lines)) {
      const [, done, total, , hours = 0, minutes = 0, seconds = 0] = PROGRESS.exec(line) ?? []
      if (done === undefined) continue
      this.total = numberOf(total!)
      const left = Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds)
      this.#seen.push({ at: Date.now(), done: numberOf(done), left })
    }
    this.#lines = lines.length
  }
}

function numberOf(text: string): number {
  return text === '' ? Number.NaN : Number(text.replaceAll(',', ''))
}
