/**
 * Gradients of functions of ops: reverse-mode differentiation of what they trace.
 */
import { dispatch } from '../core/apply.js';
import { isSized, type Operand, type Result } from '../core/operand.js';
import { isTensorLike, SymbolicTensor } from '../core/symbolic.js';
import type { Tensor } from '../core/tensor.js';
import { Trace } from '../core/trace.js';
import { Weight } from '../core/weight.js';
import { argumentError } from '../errors.js';
import { guard } from '../native.js';
import { zerosLike } from './creation.js';

/** The value of a function and its gradients, one for each argument; concrete where tensors among them are. */
export type ValueAndGradients<A extends readonly Operand[]> = [
  value: Evaluated<A[number]>,
  gradients: ForEach<A, Evaluated<A[number]>>,
];

/** A `V` for each of a list. */
type ForEach<A extends readonly unknown[], V> = { [I in keyof A]: V };

/** What comes of arguments: weights beside concrete tensors are concrete too. */
type Evaluated<T> =
  Extract<T, Tensor> extends never
    ? Result<T>
    : Extract<T, SymbolicTensor> extends never
      ? Tensor
      : SymbolicTensor;

/**
 * A function that gives the value of `fn` and its gradient with respect to each argument, as `jax.value_and_grad` does: at
 * once for concrete tensors, traced inside a layer, a loss or a training step. A weight may be an argument too, and then
 * layers that `fn` calls on it count. Arguments that the value does not depend on, or that are no float32, have gradients of
 * zeros. A gradient of a gradient can be had of all but batch normalization, attention, recurrent layers and scans.
 *
 * @param fn - From tensors to a float32 scalar.
 * @example
 * ```ts
 * const slope = ops.valueAndGrad((x: SymbolicTensor) => ops.sum(ops.square(x)));
 * const [value, [gradient]] = slope(tensor([1, 2, 3]));
 * console.log(value.toArray(), gradient.toArray()); // 14 [2, 4, 6]
 * ```
 * @throws {RidgelineError} The function throws `ERR_ARGUMENT` for anything but tensors and weights, for a value that is no
 *   float32 scalar, and for what has no gradient.
 */
export function valueAndGrad(
  fn: (...of: SymbolicTensor[]) => SymbolicTensor | Tensor,
): <A extends Operand[]>(...of: A) => ValueAndGradients<A> {
  if (typeof fn !== 'function') throw argumentError('fn', 'a function', fn);
  return <A extends Operand[]>(...of: A): ValueAndGradients<A> => {
    if (of.length === 0 || !of.every(isSized)) throw argumentError('arguments', 'tensors or weights', of);
    const [value, ...gradients] = dispatch({ label: 'valueAndGrad' }, of, (given) => {
      const trace = Trace.running;
      const at = given.map((one) => asArgument(trace, one));
      // What is older than this does not depend on the arguments.
      const since = trace.value(0);
      const result: unknown = fn(...at);
      const value = isTensorLike(result) ? trace.value(result) : undefined;
      if (value?.rank !== 0 || value.dtype !== 'float32')
        throw argumentError('what fn gives', 'a float32 scalar, such as ops.sum(x)', value ?? result);
      const [loss] = trace.ids([value]) as [number];
      const found = guard(() =>
        trace.graph.differentiate(loss, trace.ids(at), trace.ids([since])[0] as number),
      );
      return [
        value,
        ...found.map((gradient, i) =>
          gradient ? SymbolicTensor.of(trace, gradient) : zerosLike(at[i] as SymbolicTensor),
        ),
      ];
    });
    return [value, gradients] as unknown as ValueAndGradients<A>;
  };
}

/** An argument apart from all else that comes of the same tensor, through which no gradient flows to it. */
function asArgument(trace: Trace, given: Operand): SymbolicTensor {
  const value = trace.value(given);
  const isApart = given instanceof Weight || value.dtype !== 'float32';
  return isApart ? value : trace.emit('reshapeLike', [value, value])[0].withMask(value.mask);
}
