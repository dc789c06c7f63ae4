/**
 * Functions of ops that are traced once, for native code to take in: updates, constraints and schedules of one's own.
 */
import { argumentError, shapeError } from '../errors.js';
import { guard, type NativeTraced, native } from '../native.js';
import { SymbolicTensor } from './symbolic.js';
import { shapeText } from './tensor.js';
import { Trace } from './trace.js';

/** What a function takes: a float32 tensor of that name and shape. */
export type TracedInput = readonly [name: string, shape: readonly number[]];

/** What functions that are traced meanwhile compute, while somebody asks. */
let seen: string[] | undefined;

/** What the functions compute that `work` traces: equal texts say the same, with the same numbers. */
export function fingerprints(work: () => unknown): string {
  const outer = seen;
  const own: string[] = [];
  seen = own;
  try {
    work();
  } finally {
    seen = outer;
  }
  return own.join('\n');
}

/**
 * A function of tensors.
 * @param path - What it is of: random numbers of different functions are different.
 * @throws {RidgelineError} What `work` throws, and what is wrong with it.
 */
export function traced(
  path: string,
  inputs: readonly TracedInput[],
  work: (inputs: SymbolicTensor[]) => readonly SymbolicTensor[],
): NativeTraced {
  const trace = new Trace(true, path);
  try {
    return trace.run(() => {
      const outputs = work(inputs.map(([name, shape]) => trace.input(name, shape, 'float32')));
      seen?.push(trace.graph.fingerprint());
      return guard(() => new native.NativeTraced(trace.graph, trace.ids(outputs)));
    });
  } finally {
    trace.graph.release();
  }
}

/**
 * What a traced function gave, which must be of ops, float32 and of this shape.
 * @param what - What it is, for the error.
 * @throws {RidgelineError} `ERR_ARGUMENT` or `ERR_SHAPE` for anything else.
 */
export function alike(what: string, value: unknown, shape: readonly number[]): SymbolicTensor {
  if (!(value instanceof SymbolicTensor) || value.traced?.trace !== Trace.running)
    throw argumentError(what, 'made of ops from the tensors that are passed', value);
  if (value.dtype !== 'float32') throw argumentError(what, 'float32', value);
  const [expected, received] = [shapeText(shape), shapeText(value.shape)];
  if (expected === received) return value;
  throw shapeError(what, expected, received);
}
