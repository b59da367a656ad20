import { MillraceError } from '../errors.ts'
import type { Context } from '../record.ts'
import type { ValidateNode } from '../topology/nodes.ts'
import type { Operator, RetryOptions } from '../topology/stream.ts'
import type { Push, StepRuntime } from './step.ts'

/**
 * Lets a record pass when `check` returns undefined; a returned reason sends it to the dead letters.
 * The reason is stored and shown: it must not contain personal data.
 * `Out` may name a narrower type that the check guarantees.
 */
export function validate<K, V, Out extends V = V>(
  name: string,
  check: (value: V, context: Context<NoInfer<K>>) => string | undefined,
  options: RetryOptions = {},
): Operator<K, V, K, NoInfer<Out>> {
  return (stream) => stream.append({ kind: 'validate', name, check: check as ValidateNode['check'] }, options)
}

export function validateStep(node: ValidateNode, next: Push, runtime: StepRuntime): Push {
  const { name, check } = node
  return (value, context) => {
    let reason: string | undefined
    try {
      reason = check(value as never, context)
    } catch (error) {
      runtime.refuse(node, error, context)
      return
    }
    if (reason === undefined) next(value, context)
    else runtime.refuse(node, new MillraceError('REJECTED', String(reason), { step: name }), context)
  }
}
