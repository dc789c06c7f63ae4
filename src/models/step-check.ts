/**
 * Whether a model that goes on with a sequence gives for each step what it gives for it in the whole sequence. Layers that
 * keep what they need say so; of ops that look along time, in layers of one's own or along an axis that was asked for, nobody
 * knows, so a few steps are tried both ways.
 */
import { undisturbed } from '../core/random.js';
import type { SymbolicTensor } from '../core/symbolic.js';
import { Tensor } from '../core/tensor.js';
import { Trace } from '../core/trace.js';
import { isRidgelineError, RidgelineError } from '../errors.js';
import { guard, native } from '../native.js';
import { Decoder } from './decoder.js';
import { settled } from './native-prediction.js';
import { carries, type Network } from './network.js';

/** Steps that are tried. */
const STEPS = 4;
/** Differences that are no rounding, to the largest number. */
const TOLERANCE = 1e-3;

/**
 * @throws {RidgelineError} As a rejection: `ERR_ARGUMENT` where steps differ; as {@link traceSteps}.
 */
export async function checkSteps(network: Network): Promise<void> {
  const decoder = undisturbed(() => new Decoder(network, 1, STEPS));
  try {
    const [input] = network.graph.inputs as [SymbolicTensor];
    // What a state or a vector of numbers is in the whole sequence is another question.
    if (carries(network) || input.rank > 2) return;
    const classes = network.graph.outputs[0]?.shape.at(-1) ?? 1;
    const length = Math.max(STEPS, input.shape[1] ?? STEPS);
    const tokens = Int32Array.from({ length }, (_, i) => (i + 1) % classes);
    const whole = await attempted(() => wholeSequence(network, tokens));
    // What is random differs anyway, and what fails does so when it is asked for.
    if (!whole) return;
    const largest = whole.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
    for (let at = 0; at < STEPS; at++) {
      const { data } = await decoder.next(new Tensor(tokens.slice(at, at + 1), [1, 1], 'int32'), 1);
      const differs = data.some(
        (x, i) => Math.abs(x - (whole[at * classes + i] as number)) > TOLERANCE * largest,
      );
      if (differs) throw stepsDiffer(network.name);
    }
  } finally {
    decoder.release();
  }
}

/** What the model gives for a whole sequence, if that is the same twice. */
async function wholeSequence(network: Network, tokens: Int32Array): Promise<Float32Array | undefined> {
  const trace = new Trace(false);
  const [input] = network.graph.inputs as [SymbolicTensor];
  const program = undisturbed(() =>
    trace.run(() => {
      const x = trace.input(network.inputNames[0] as string, [1, ...input.shape.slice(1)], input.dtype);
      const outputs = network.graph.replay([x]);
      return guard(() => new native.NativePredictor(trace.graph, trace.ids(outputs), [], []));
    }),
  );
  try {
    const values = input.dtype === 'int32' ? tokens : Float32Array.from(tokens);
    const run = async (call: number): Promise<Float32Array> => {
      const found = guard(() =>
        program.predict([values], [[1, tokens.length]], 1, 0, call, 1, undefined, false),
      );
      return ((await settled(found))[0] as Tensor<'float32'>).data;
    };
    const [first, second] = [await run(0), await run(1)];
    return first.every((x, i) => x === second[i]) ? first : undefined;
  } finally {
    program.release();
  }
}

/** What `work` gives, unless it fails. */
async function attempted<T>(work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    if (isRidgelineError(error)) return undefined;
    throw error;
  }
}

function stepsDiffer(name: string): RidgelineError {
  const message = `model '${name}' cannot go on with sequences step by step: it gives another thing for a step than in the whole sequence, so something in it looks along time and keeps nothing of it, such as a normalization, a flip or a scan over the steps`;
  return new RidgelineError('ERR_ARGUMENT', message, { layer: name });
}
