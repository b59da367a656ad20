import { InvalidArgumentError } from 'commander'
import { messageOf } from '../errors.ts'
import { duration } from '../topology/duration.ts'

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

export function oneOf(...choices: readonly string[]) {
  return (text: string): string => {
    if (choices.includes(text)) return text
    throw new InvalidArgumentError(`choose from: ${choices.join(', ')}.`)
  }
}
