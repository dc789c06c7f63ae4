/**
 * Random numbers in the shape of others: new for every step, batch and call, the same for the same seed and any threads.
 */
import { dispatch } from '../core/apply.js';
import { options as checkOptions, count, fraction, integer, nonNegative, number } from '../core/check.js';
import { isSized, type Operand, type Result } from '../core/operand.js';
import { KEEP } from '../core/primitives.js';
import { currentSeed } from '../core/random.js';
import { Trace } from '../core/trace.js';
import { argumentError } from '../errors.js';
import { add, log, maximum, minimum, mul, neg } from './arithmetic.js';
import { cast, less } from './comparison.js';
import { argMax } from './reduction.js';
import { expandDims } from './shaping.js';
import { carrier } from './sizes.js';

/** A seed of its own for what is drawn. */
export interface RandomSeed {
  /** Tells numbers of equal places in a model apart. Default: by the order of calls. */
  readonly seed?: number | null | undefined;
}

/** Options of random numbers. */
export interface RandomOptions extends RandomSeed {
  /** Sizes; `null` for that of `x` at the same place, such as a batch that is not known yet. Default all of `x`. */
  readonly shape?: readonly (number | null)[] | undefined;
}

/** A number that is drawn as 0, whose logarithm is none, counts as half of the next one. */
const LEAST = 2 ** -25;

/** The greatest float32 below a number. */
function below(x: number): number {
  const rounded = Float32Array.of(x);
  if ((rounded[0] as number) < x) return rounded[0] as number;
  if (rounded[0] === 0) return -(2 ** -149);
  new Int32Array(rounded.buffer)[0]! -= (rounded[0] as number) > 0 ? 1 : -1;
  return rounded[0] as number;
}

function drawn<A extends Operand>(
  name: string,
  kind: 'normal' | 'uniform',
  x: A,
  { seed: given, shape }: RandomOptions,
): Result<A> {
  if (!isSized(x)) throw argumentError(`operand 0 of ${name}`, 'a tensor', x);
  const seed = given ?? undefined;
  if (seed !== undefined) integer('seed', seed, 0);
  const [y] = dispatch({ label: name, seed: currentSeed() }, [x as Operand], ([of]) => {
    const trace = Trace.running;
    const like = trace.value(of as Operand);
    const sizes = shape ?? like.shape.map(() => null);
    const from = shape ? carrier(like, shape) : like;
    return [
      trace.emit(kind, [from], { stream: trace.stream(seed), shape: sizes.map((size) => size ?? KEEP) })[0],
    ];
  });
  return y as Result<A>;
}

/** Independent normal numbers in the shape of `x`; by default of mean 0 and standard deviation 1. */
export function randomNormal<A extends Operand>(
  x: A,
  options: RandomOptions & { readonly mean?: number; readonly stddev?: number } = {},
): Result<A> {
  const given = checkOptions('randomNormal', options, ['mean', 'stddev', 'shape', 'seed']);
  const mean = number('mean', given.mean ?? 0);
  const stddev = nonNegative('stddev', given.stddev ?? 1);
  const numbers = drawn('randomNormal', 'normal', x, given);
  const scaled = stddev === 1 ? numbers : mul(numbers as Operand, stddev);
  return (mean === 0 ? scaled : add(scaled as Operand, mean)) as Result<A>;
}

/** Independent numbers in the shape of `x`, all alike from `minval` (default 0) up to `maxval` (default 1), excluded. */
export function randomUniform<A extends Operand>(
  x: A,
  options: RandomOptions & { readonly minval?: number; readonly maxval?: number } = {},
): Result<A> {
  const given = checkOptions('randomUniform', options, ['minval', 'maxval', 'shape', 'seed']);
  const low = number('minval', given.minval ?? 0);
  const high = number('maxval', given.maxval ?? 1, 'a finite number ≥ minval', (n) => n >= low);
  if (Math.fround(high - low) === Infinity)
    throw argumentError('maxval', 'above minval by what float32 holds', high);
  const numbers = add(mul(drawn('randomUniform', 'uniform', x, given), high - low), low);
  // The sum may be rounded up.
  return minimum(numbers as Operand, Math.max(below(high), Math.fround(low))) as Result<A>;
}

/** Independent float32 numbers in the shape of `x` that are 1 with a probability, else 0. */
export function randomBernoulli<A extends Operand>(
  x: A,
  probability: number,
  options: RandomOptions = {},
): Result<A> {
  const given = checkOptions('randomBernoulli', options, ['shape', 'seed']);
  fraction('probability', probability);
  return cast(less(drawn('randomBernoulli', 'uniform', x, given), probability), 'float32') as Result<A>;
}

/**
 * Indices drawn by logarithms of their probabilities, which need not sum up to anything: `[…, classes]` becomes int32
 * `[…, samples]`. They are those of the largest behind noise of Gumbel's distribution (Gumbel 1954).
 * @param samples - Independent ones for each row. Default 1.
 */
export function randomCategorical<A extends Operand>(
  logits: A,
  samples = 1,
  options: RandomSeed = {},
): Result<A> {
  const { seed } = checkOptions('randomCategorical', options, ['seed']);
  count('samples', samples);
  const rows = expandDims(logits, -2) as Exclude<Operand, number>;
  const shape = Array.from(rows.shape, (_, axis) => (axis === rows.shape.length - 2 ? samples : null));
  const uniform = maximum(drawn('randomCategorical', 'uniform', rows, { seed, shape }) as Operand, LEAST);
  const noise = neg(log(neg(log(uniform as Operand) as Operand) as Operand) as Operand);
  return argMax(add(rows, noise as Operand) as Operand) as Result<A>;
}
