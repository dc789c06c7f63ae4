/**
 * A choice between what two functions of ops give.
 */
import { isOperand, type Operand } from '../core/operand.js';
import { shapeText } from '../core/tensor.js';
import { argumentError, shapeError } from '../errors.js';
import { cast, where } from './comparison.js';
import { type Behind, type Element, type Next, type Some, Standing } from './standing.js';

/**
 * What `trueFn` gives where `condition` holds, else what `falseFn` does, as `keras.ops.cond`. Both are computed, as the
 * gradient needs it, so neither saves time or may have an effect.
 *
 * @param condition - One boolean, or number that is not 0.
 * @param trueFn - Gives a tensor, or a list of them.
 * @param falseFn - Gives as many, of the same shapes and types.
 * @example
 * ```ts
 * const x = tensor([-1, 2]);
 * const y = ops.cond(ops.any(ops.less(x, 0)), () => ops.abs(x), () => x);
 * console.log(y.toArray()); // [1, 2]
 * ```
 * @throws {RidgelineError} `ERR_ARGUMENT` and `ERR_SHAPE` for what does not fit.
 */
export function cond<const C extends Operand, const T extends Some, const F extends Next<T>>(
  condition: C,
  trueFn: () => T,
  falseFn: () => F,
): Behind<T, C | Element<T> | Element<F>> {
  for (const [name, of] of Object.entries({ trueFn, falseFn }))
    if (typeof of !== 'function') throw argumentError(name, 'a function', of);
  if (!isOperand(condition)) throw argumentError('condition', 'a tensor or a number', condition);
  if (typeof condition !== 'number' && condition.shape.length > 0)
    throw shapeError('condition', shapeText([]), shapeText(condition.shape));
  const [given, others] = [
    new Standing('what trueFn gives', trueFn()),
    new Standing('what falseFn gives', falseFn()),
  ];
  if (given.all.length !== others.all.length)
    throw argumentError('what falseFn gives', `${given.all.length} tensors, as trueFn does`, others.all);
  const holds = cast(condition as Operand, 'bool');
  return given.place(given.all.map((value, i) => where(holds, value, others.all[i] as Operand))) as never;
}
