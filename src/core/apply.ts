/**
 * Where a call happens: in a trace, recorded for a functional model, or at once on concrete tensors.
 */
import { argumentError, RidgelineError } from '../errors.js';
import { isOperand, type Operand, type Result } from './operand.js';
import type { AttributesOf, Primitive } from './primitives.js';
import { nextCall } from './random.js';
import { record } from './recording.js';
import { SymbolicTensor } from './symbolic.js';
import { type DType, Tensor } from './tensor.js';
import { Trace } from './trace.js';

/** Options of {@link dispatch}. */
interface Site {
  readonly label: string;
  readonly layer?: object | undefined;
  /** Arguments of the layer as they were given. */
  readonly args?: readonly unknown[] | undefined;
  /** Training flag that was given, if any. */
  readonly training?: boolean | undefined;
  /** Other options of the call, tensors in their places. */
  readonly options?: Readonly<Record<string, unknown>> | undefined;
  /** Seed of an immediate evaluation. */
  readonly seed?: number | undefined;
}

/** The masks of concrete tensors that layers gave. */
const MASKS = new WeakMap<Tensor, Tensor>();

function masked(trace: Trace, t: Tensor): SymbolicTensor {
  const mask = MASKS.get(t);
  return trace.constant(t).withMask(mask && trace.constant(mask));
}

/**
 * Runs `work` on traced values of `inputs`: in the running trace, recorded, or evaluated at once.
 */
export function dispatch(
  site: Site,
  inputs: readonly Operand[],
  work: (inputs: readonly Operand[]) => SymbolicTensor[],
): (SymbolicTensor | Tensor)[] {
  const traced = inputs.find(
    (t): t is SymbolicTensor => t instanceof SymbolicTensor && t.traced !== undefined,
  );
  const of = traced?.traced?.trace;
  // The step of a loop takes what it uses from around it.
  const trace = of && Trace.current?.encloses(of) ? Trace.current : of;
  const recorded = inputs.some((t) => t instanceof SymbolicTensor && t.traced === undefined);
  if (recorded) {
    if (trace)
      throw new RidgelineError('ERR_ARGUMENT', 'tensors of the functional API cannot be used inside call()');
    const { seed: _, ...call } = site;
    return record(call, inputs, work);
  }
  if (trace) return trace.run(() => work(inputs));
  if (Trace.current) return work(inputs);
  const immediate = new Trace(site.training ?? false);
  try {
    return immediate.run(() => {
      const values = work(inputs.map((t) => (t instanceof Tensor ? masked(immediate, t) : t)));
      const withMask = values.filter(({ mask }) => mask);
      const masks = withMask.map(({ mask }) => mask as SymbolicTensor);
      const moved = [...immediate.assigned.keys()];
      for (const weight of moved) weight.checkUnmoved();
      const next = [...immediate.assigned.values()].map((all) => all.at(-1) as SymbolicTensor);
      const all = immediate.evaluate([...values, ...masks, ...next], site.seed ?? 0, nextCall());
      const written = all.slice(values.length + masks.length) as Tensor[];
      // All are looked at before any is written.
      for (const [i, weight] of moved.entries()) weight.fit(written[i] as Tensor);
      for (const [i, weight] of moved.entries()) weight.write(written[i] as Tensor);
      for (const [i, value] of withMask.entries())
        MASKS.set(all[values.indexOf(value)] as Tensor, all[values.length + i] as Tensor);
      return all.slice(0, values.length);
    });
  } finally {
    immediate.graph.release();
  }
}

/**
 * An op with one result.
 * @param typing - The first operand that numbers take their type from; those before it are conditions.
 */
export function op<T extends Operand>(
  label: string,
  inputs: readonly T[],
  work: (trace: Trace, inputs: SymbolicTensor[]) => SymbolicTensor,
  typing = 0,
): Result<T> {
  for (const [i, t] of inputs.entries()) {
    if (!isOperand(t)) throw argumentError(`operand ${i} of ${label}`, 'a tensor, a weight or a number', t);
  }
  const [result] = dispatch({ label }, inputs, (given) => {
    const trace = Trace.running;
    const typed = given.slice(typing).find((t) => typeof t !== 'number');
    const like = typed === undefined || typeof typed === 'number' ? 'float32' : typed.dtype;
    // As in Keras, a fraction beside integers makes numbers of them; so does an integer that they do not hold.
    const promotes = like !== 'float32' && given.some((t) => typeof t === 'number' && t !== (t | 0));
    const values = given.map((t, i) => {
      if (i < typing) return trace.value(t, 'bool');
      return promotes ? floating(trace, trace.value(t, 'float32')) : trace.value(t, like);
    });
    return [work(trace, values)];
  });
  return result as Result<T>;
}

/** The value as float32, with its mask. */
export function floating(trace: Trace, value: SymbolicTensor): SymbolicTensor {
  if (value.dtype === 'float32') return value;
  return trace.emit('cast', [value], { dtype: 'float32' })[0].withMask(value.mask);
}

/** Values of one type, as in Keras: what stands beside float32 becomes float32, and booleans beside integers integers. */
export function promoted(trace: Trace, values: readonly SymbolicTensor[]): SymbolicTensor[] {
  const has = (dtype: DType): boolean => values.some((value) => value.dtype === dtype);
  if (has('float32')) return values.map((value) => floating(trace, value));
  if (!has('int32')) return [...values];
  return values.map((value) =>
    value.dtype === 'int32' ? value : trace.emit('cast', [value], { dtype: 'int32' })[0],
  );
}

/** An op that is one native op with one result. */
export function nativeOp<N extends Primitive, T extends Operand>(
  name: N,
  inputs: readonly T[],
  ...attributes: AttributesOf<N>
): Result<T> {
  return op(name, inputs, (trace, values) => trace.emit(name, values, ...attributes)[0]);
}

/** The same of operands that become of one type. */
export function promotingOp<N extends Primitive, T extends Operand>(
  name: N,
  inputs: readonly T[],
  ...attributes: AttributesOf<N>
): Result<T> {
  return op(name, inputs, (trace, values) => trace.emit(name, promoted(trace, values), ...attributes)[0]);
}

/** The same of operands that become float32. */
export function floatOp<N extends Primitive, T extends Operand>(
  name: N,
  inputs: readonly T[],
  ...attributes: AttributesOf<N>
): Result<T> {
  const floats = (trace: Trace, values: SymbolicTensor[]) => values.map((value) => floating(trace, value));
  return op(name, inputs, (trace, values) => trace.emit(name, floats(trace, values), ...attributes)[0]);
}
