/**
 * Activation functions, with Keras 3's definitions and defaults.
 */
import { options as checkOptions, number } from '../core/check.js';
import { isSized, type Operand, type Result } from '../core/operand.js';
import { argumentError } from '../errors.js';
import * as ops from '../ops/index.js';

type Activation = <A extends Operand>(x: A) => Result<A>;

const SELU_ALPHA = 1.6732632423543772;
const SELU_SCALE = 1.0507009873554805;

/** `x` itself. */
export const linear: Activation = (x) => ops.add(x, 0) as never;
/** Numbers that an activation called `name` takes, with their defaults. */
function numbers<T extends Readonly<Record<string, number>>>(
  name: string,
  given: { readonly [K in keyof T]?: number | undefined },
  defaults: T,
): { readonly [K in keyof T]: number } {
  const checked = checkOptions<object>(name, given, Object.keys(defaults)) as Record<string, unknown>;
  const all = Object.entries(defaults).map(([key, value]) => [key, number(key, checked[key] ?? value)]);
  return Object.fromEntries(all) as { readonly [K in keyof T]: number };
}

/** `x` above `threshold`, at most `maxValue`; `negativeSlope·(x − threshold)` below. Default `max(x, 0)`. */
export function relu<A extends Operand>(
  x: A,
  options: { negativeSlope?: number; maxValue?: number | undefined; threshold?: number } = {},
): Result<A> {
  const { maxValue: bound, ...others } = checkOptions('relu', options, [
    'negativeSlope',
    'maxValue',
    'threshold',
  ]);
  const { negativeSlope, threshold } = numbers('relu', others, { negativeSlope: 0, threshold: 0 });
  const maxValue = bound === undefined || bound === null ? undefined : number('maxValue', bound);
  // Without a bound the slope at 0 is 1, as JAX has it.
  if (negativeSlope !== 0 && maxValue === undefined && threshold === 0)
    return ops.where(ops.greaterEqual(x, 0), x, ops.mul(x, negativeSlope)) as Result<A>;
  // As relu6, whose gradient at 6 is 0.
  if (maxValue === 6 && negativeSlope === 0 && threshold === 0) return relu6(x);
  const above = threshold === 0 ? ops.relu(x) : ops.where(ops.lessEqual(x, threshold), 0, x);
  const bounded = maxValue === undefined ? above : ops.minimum(above, maxValue);
  if (negativeSlope === 0) return bounded as Result<A>;
  return ops.sub(bounded, ops.mul(ops.relu(ops.sub(threshold, x)), negativeSlope)) as Result<A>;
}
/** `1 / (1 + e⁻ˣ)`. */
export const sigmoid: Activation = ops.sigmoid;
/** Hyperbolic tangent. */
export const tanh: Activation = ops.tanh;
/** `eˣ / Σeˣ` along `axis` (default: the last). */
export const softmax: typeof ops.softmax = ops.softmax;
/** The logarithm of softmax along `axis` (default: the last). */
export const logSoftmax: typeof ops.logSoftmax = ops.logSoftmax;
/** `x·Φ(x)` with the exact normal distribution, or if `approximate` (default false) its tanh approximation (Hendrycks & Gimpel 2016). */
export function gelu<A extends Operand>(x: A, options: { approximate?: boolean } = {}): Result<A> {
  const { approximate = false } = checkOptions('gelu', options, ['approximate']);
  if (approximate) {
    const cubic = ops.mul(ops.mul(ops.square(x), x), 0.044715);
    const inner = ops.mul(ops.add(x, cubic), Math.sqrt(2 / Math.PI));
    return ops.mul(ops.mul(x, 0.5), ops.add(ops.tanh(inner), 1)) as Result<A>;
  }
  return ops.mul(ops.mul(x, 0.5), ops.add(ops.erf(ops.mul(x, Math.SQRT1_2)), 1)) as Result<A>;
}
/** `x` above 0, `alpha·(eˣ − 1)` below. Default alpha 1. */
export function elu<A extends Operand>(x: A, options: { alpha?: number } = {}): Result<A> {
  const { alpha } = numbers('elu', options, { alpha: 1 });
  return aboveZero(x, (below) => ops.mul(ops.expm1(below), alpha)) as Result<A>;
}
/** `x` above 0, elsewhere `of(x)`: its slope at 0 too, which a minimum would halve; it never sees what overflows. */
function aboveZero<A extends Operand>(x: A, of: (x: Result<A>) => unknown): unknown {
  const isAbove = ops.greater(x, 0);
  return ops.where(isAbove, x, of(ops.where(isAbove, 0, x) as Result<A>) as Operand);
}
/** ELU scaled so that activations keep mean 0 and variance 1 (Klambauer et al. 2017). */
export const selu: Activation = (x) => ops.mul(elu(x, { alpha: SELU_ALPHA }), SELU_SCALE) as never;
/** `ln(1 + eˣ)`. */
export const softplus: Activation = ops.softplus;
/** `x / (1 + |x|)`. */
export const softsign: Activation = (x) => ops.div(x, ops.add(ops.abs(x), 1)) as never;
/** `x·σ(x)`. */
export const silu: Activation = (x) => ops.mul(x, ops.sigmoid(x)) as never;
/** `relu6(x + 3) / 6`. */
export const hardSigmoid: Activation = (x) => ops.div(relu6(ops.add(x, 3)), 6) as never;
/** `eˣ`. */
export const exponential: Activation = ops.exp;
/** `x` above 0, `negativeSlope·x` below. Default 0.2. */
export const leakyRelu = <A extends Operand>(x: A, options: { negativeSlope?: number } = {}): Result<A> =>
  relu(x, numbers('leakyRelu', options, { negativeSlope: 0.2 }));
/** `min(max(x, 0), 6)`; its slope at both bounds is 0. */
export const relu6: Activation = (x) => ops.where(ops.greaterEqual(x, 6), 6, ops.relu(x)) as never;
/** `x·tanh(ln(1 + eˣ))` (Misra 2019). */
export const mish: Activation = (x) => ops.mul(x, ops.tanh(ops.softplus(x))) as never;
/** `x·hardSigmoid(x)`. */
export const hardSilu: Activation = (x) => ops.mul(x, hardSigmoid(x)) as never;
/** `max(x, 0) + min(alpha·(e^(x/alpha) − 1), 0)`. Default alpha 1. */
export function celu<A extends Operand>(x: A, options: { alpha?: number } = {}): Result<A> {
  const { alpha } = numbers('celu', options, { alpha: 1 });
  return aboveZero(x, (below) => ops.mul(ops.expm1(ops.div(below, alpha)), alpha)) as Result<A>;
}
/** The first half times the sigmoid of the second, along `axis` (default: the last). */
export function glu<A extends Exclude<Operand, number>>(x: A, options: { axis?: number } = {}): Result<A> {
  const { axis } = numbers('glu', options, { axis: -1 });
  const [value, gate] = ops.split(x, 2, axis) as unknown as [Operand, Operand];
  return ops.mul(value, ops.sigmoid(gate)) as Result<A>;
}
/** `x` held between −1 and 1; its slope at both bounds is 1. */
export const hardTanh: Activation = (x) =>
  ops.where(ops.greater(x, 1), 1, ops.where(ops.less(x, -1), -1, x)) as never;
/** `x` where `|x| > threshold`, else 0. Default 0.5. */
export function hardShrink<A extends Operand>(x: A, options: { threshold?: number } = {}): Result<A> {
  const { threshold } = numbers('hardShrink', options, { threshold: 0.5 });
  return ops.where(ops.greater(ops.abs(x), threshold), x, 0) as Result<A>;
}
/** `x` moved towards 0 by `threshold`, 0 within it. Default 0.5. */
export function softShrink<A extends Operand>(x: A, options: { threshold?: number } = {}): Result<A> {
  const { threshold } = numbers('softShrink', options, { threshold: 0.5 });
  return ops.sub(ops.relu(ops.sub(x, threshold)), ops.relu(ops.sub(ops.neg(x), threshold))) as Result<A>;
}
/** `x − tanh x`. */
export const tanhShrink: Activation = (x) => ops.sub(x, ops.tanh(x)) as never;
/** `ln σ(x)`. */
export const logSigmoid: Activation = (x) => ops.neg(ops.softplus(ops.neg(x))) as never;
/** `x` above `threshold`, else `defaultValue`. */
export function threshold<A extends Operand>(
  x: A,
  options: { threshold?: number; defaultValue?: number } = {},
): Result<A> {
  const { threshold: bound, defaultValue } = numbers('threshold', options, { threshold: 0, defaultValue: 0 });
  return ops.where(ops.greater(x, bound), x, defaultValue) as Result<A>;
}
/** `(x + √(x² + b)) / 2`. Default b 4. */
export function squareplus<A extends Operand>(x: A, options: { b?: number } = {}): Result<A> {
  const { b } = numbers('squareplus', options, { b: 4 });
  return ops.div(ops.add(x, ops.sqrt(ops.add(ops.square(x), b))), 2) as Result<A>;
}
/** 0 below −1, `x` above 1, `(x + 1)² / 4` between. */
export const sparsePlus: Activation = (x) => {
  const middle = ops.div(ops.square(ops.add(x, 1)), 4);
  return ops.where(ops.lessEqual(x, -1), 0, ops.where(ops.greaterEqual(x, 1), x, middle)) as never;
};
/** 0 below −1, 1 above 1, `(x + 1) / 2` between. */
export const sparseSigmoid: Activation = (x) => ops.clip(ops.div(ops.add(x, 1), 2), 0, 1) as never;
/**
 * The Euclidean projection onto the simplex along the last axis (Martins & Astudillo 2016): probabilities with
 * exact zeros. For each element k(z) and τ come from comparing it with all others, so n² comparisons.
 * Keras 3.15 gives other values, whose sum is not 1.
 */
export function sparsemax<A extends Exclude<Operand, number>>(x: A): Result<A> {
  if (!isSized(x)) throw argumentError('x', 'a tensor', x);
  const shape = x.shape as readonly (number | null)[];
  const other = ops.reshape(x, [...shape.slice(0, -1), 1, shape.at(-1) ?? -1]);
  const own = ops.reshape(x, [...shape, 1]);
  // For each element: how many are at least as large, and their sum.
  const above = ops.cast(ops.greaterEqual(other, own), 'float32');
  const count = ops.sum(above, { axis: -1 });
  const total = ops.sum(ops.mul(above, other), { axis: -1 });
  const supported = ops.cast(ops.greater(ops.add(ops.mul(x, count), 1), total), 'float32');
  const size = ops.sum(supported, { axis: -1, keepdims: true });
  const mass = ops.sum(ops.mul(supported, x), { axis: -1, keepdims: true });
  return ops.relu(ops.sub(x, ops.div(ops.sub(mass, 1), size))) as Result<A>;
}
