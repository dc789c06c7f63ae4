/**
 * Tensors where JavaScript wants a number: `x * 2` and `x > 0` would go on with NaN, and tell nobody.
 */
import { RidgelineError } from '../errors.js';

/**
 * What something that is no number is in a text (`hint` as JavaScript has it).
 * @throws {RidgelineError} `ERR_ARGUMENT` where a number is wanted.
 */
export function noNumber(of: object, hint: string): string {
  const name = of.constructor.name;
  if (hint === 'string') return `[object ${name}]`;
  const message = `a ${name} is no number: ops compute with tensors, such as ops.mul(x, 2) and ops.greater(x, 0)`;
  throw new RidgelineError('ERR_ARGUMENT', message, { received: of });
}
