/**
 * Training steps of one's own: what a batch makes small, written with ops, traced once and run natively.
 */
import { isPlain } from '../core/check.js';
import { SymbolicTensor } from '../core/symbolic.js';
import type { Trace } from '../core/trace.js';
import { argumentError } from '../errors.js';
import { Layer } from '../layers/layer.js';
import { values } from '../losses/reduction.js';
import type { Network } from './network.js';

/** What a step of one's own is given: symbolic tensors of a batch, and what belongs to the model. */
export interface TrainStepArguments {
  /** The model's input, the first of several. */
  readonly x: SymbolicTensor;
  /** All inputs, in the order of the model's. */
  readonly inputs: readonly SymbolicTensor[];
  /** Labels of the first output that has some. Where the model is compiled without a loss they may be of any shape, or none. */
  readonly y: SymbolicTensor;
  /** Labels of all outputs that have a loss or a metric, or else of those that were given some. */
  readonly labels: readonly SymbolicTensor[];
  /** Weights of the first output's samples, if some were given. */
  readonly sampleWeight: SymbolicTensor | undefined;
  /** The model's outputs for other inputs, or these: a tensor, or a list of several, `model<SymbolicTensor[]>(inputs)`. */
  model<O extends SymbolicTensor | SymbolicTensor[] = SymbolicTensor>(
    inputs: SymbolicTensor | readonly SymbolicTensor[],
  ): O;
  /** True in a training step; false where `evaluate`, or validation, measures. */
  readonly isTraining: boolean;
  /** The loss that the model is compiled with, of these outputs and the batch's labels and weights: a scalar. */
  computeLoss(outputs: SymbolicTensor | readonly SymbolicTensor[]): SymbolicTensor;
}

/** What is made small by the weights of some layers. */
export interface Minimized {
  /** A scalar. */
  readonly loss: SymbolicTensor;
  /** The layers, or models, whose weights are trained by it. */
  readonly of: Layer | readonly Layer[];
}

/** What a step of one's own gives; `L` are keys of its logs. */
export interface TrainStepResult<L extends string = string> {
  /** What the logs call `loss`, a scalar; it is made small by all weights unless `minimize` says otherwise. */
  readonly loss: SymbolicTensor;
  /** Losses that are made small one after the other, each with the weights that those before it left. */
  readonly minimize?: readonly Minimized[] | undefined;
  /** Scalars to log besides, as means over the rows of an epoch. */
  readonly logs?: Readonly<Record<L, SymbolicTensor>> | undefined;
  /** What the metrics are measured at; needed where the model is compiled with some. */
  readonly outputs?: SymbolicTensor | readonly SymbolicTensor[] | undefined;
}

/** A training step of one's own, of ops. */
export type TrainStep<L extends string = string> = (of: TrainStepArguments) => TrainStepResult<L>;

/** What a step gave, checked. */
export interface OwnStep {
  readonly loss: SymbolicTensor;
  readonly outputs: readonly SymbolicTensor[] | undefined;
  readonly logs: readonly (readonly [key: string, value: SymbolicTensor])[];
  /** Losses with the indices of weights among those of the network that are trained. */
  readonly parts: readonly { readonly loss: SymbolicTensor; readonly weights: number[] }[];
}

/** A float32 scalar of the trace. */
function scalar(trace: Trace, what: string, given: unknown): SymbolicTensor {
  const value = given instanceof SymbolicTensor ? given : undefined;
  if (value?.rank === 0 && value.dtype === 'float32' && value.traced?.trace === trace) return value;
  throw argumentError(what, 'a float32 scalar of ops, such as ops.mean(x)', given);
}

/**
 * Checks what `step` gives for a batch.
 * @throws {RidgelineError} `ERR_ARGUMENT` for anything else than {@link TrainStepResult}, and what the step throws.
 */
export function ownStep(
  network: Network,
  trace: Trace,
  step: TrainStep,
  given: Omit<TrainStepArguments, 'isTraining'>,
): OwnStep {
  const result: unknown = step({ ...given, isTraining: trace.training });
  if (!isPlain(result)) throw argumentError('what trainStep gives', '{ loss }', result);
  const { loss, logs = {}, minimize = [], outputs, ...others } = result as unknown as TrainStepResult;
  const [unknown] = Object.keys(others);
  if (unknown !== undefined)
    throw argumentError('what trainStep gives', 'loss, minimize, logs and outputs', unknown);
  if (!isPlain(logs)) throw argumentError('logs of trainStep', 'an object of scalars by name', logs);
  if (!Array.isArray(minimize)) throw argumentError('minimize', 'a list of { loss, of }', minimize);
  const trained = network.trainableWeights;
  const parts = Array.from(minimize, (part: unknown, i) => {
    const what = `minimize[${i}]`;
    if (!isPlain(part)) throw argumentError(what, '{ loss, of }', part);
    const { loss, of } = part as unknown as Minimized;
    const layers = [of].flat() as unknown[];
    if (layers.length === 0 || !layers.every((layer) => layer instanceof Layer))
      throw argumentError(`${what}.of`, 'a layer, or a list of them', of);
    const weights = (layers as Layer[]).flatMap((layer) => layer.trainableWeights);
    const at = [...new Set(weights)].map((weight) => trained.indexOf(weight));
    if (at.length === 0 || at.includes(-1))
      throw argumentError(`${what}.of`, 'layers of the model with weights that are trained', of);
    return { loss: scalar(trace, `${what}.loss`, loss), weights: at };
  });
  return {
    loss: scalar(trace, 'loss of trainStep', loss),
    outputs:
      outputs === undefined
        ? undefined
        : ([outputs].flat() as SymbolicTensor[]).map((of) => values('outputs of trainStep', of)),
    logs: Object.entries(logs).map(([key, value]) => [key, scalar(trace, `log '${key}'`, value)]),
    parts,
  };
}
