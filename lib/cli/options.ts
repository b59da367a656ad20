import { InvalidArgumentError, Option } from 'commander'
import { duration } from '../duration.ts'
import { messageOf } from '../errors.ts'
import { instant } from '../instant.ts'
import type { Guarantee } from '../topology/nodes.ts'

const GUARANTEES: readonly Guarantee[] = ['at-least-once', 'exactly-once']

/** A whole number within a range, for an option. */
export function wholeNumber(least: number, most: number) {
  return (text: string): number => {
    const value = Number(text)
    if (Number.isSafeInteger(value) && value >= least && value <= most) return value
    throw new InvalidArgumentError(`a whole number from ${least} to ${most} is needed.`)
  }
}

/** Milliseconds from `10ms`, `2s` or a bare number. */
export function milliseconds(text: string): number {
  try {
    return duration(/^\d+$/.test(text) ? Number(text) : text)
  } catch (error) {
    throw new InvalidArgumentError(`${messageOf(error)}.`)
  }
}

/** For commands that run, or make what is needed to run. */
export function guaranteeOption(): Option {
  return new Option('--guarantee <mode>', 'instead of what the topology says').choices(GUARANTEES)
}

export function oneOf(...choices: readonly string[]) {
  return (text: string): string => {
    if (choices.includes(text)) return text
    throw new InvalidArgumentError(`choose from: ${choices.join(', ')}.`)
  }
}

/** An ISO 8601 date or time; in UTC unless it says otherwise. */
export function time(text: string): Date {
  const date = instant(text)
  if (date !== undefined) return date
  throw new InvalidArgumentError('Give a time such as 2026-11-22T18:00:00Z, or a date.')
}
