import { MillraceError } from '../errors.ts'
import type { Context } from '../record.ts'
import type { ValidateNode } from '../topology/nodes.ts'
import type { Operator, StepOptions } from '../topology/stream.ts'
import { guarded, type Push, REFUSED, type StepRuntime } from './step.ts'

/**
 * Lets a record pass when `check` returns undefined; a returned reason sends it to the dead letters.
 * The reason is stored and shown: it must not contain personal data.
 * `Out` may name a narrower type that the check guarantees.
 */
export function validate<K, V, Out extends V = V>(
  name: string,
  check: (value: V, context: Context<NoInfer<K>>) => string | undefined,
  options: StepOptions = {},
): Operator<K, V, K, NoInfer<Out>> {
  return (stream) => stream.append({ kind: 'validate', name, check: check as ValidateNode['check'] }, options)
}

export function validateStep(node: ValidateNode, next: Push, runtime: StepRuntime): Push {
  const check = guarded(node, node.check, runtime)
  return (value, context) => {
    const reason = check(value, context)
    if (reason === undefined) next(value, context)
    else if (reason !== REFUSED) {
      runtime.refuse(node, new MillraceError('REJECTED', String(reason), { step: node.name }), context)
    }
  }
}
