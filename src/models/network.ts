/**
 * A network as programs, data and files see it: a call graph with names, weights and a seed. `Model` is one.
 */
import type { SymbolicTensor } from '../core/symbolic.js';
import type { Trace } from '../core/trace.js';
import type { Weight } from '../core/weight.js';
import type { Layer } from '../layers/layer.js';
import type { CallGraph } from './call-graph.js';
import type { Ending } from './ending.js';

/** See the module documentation. Its getters compute what they give: ask once, not in a loop. */
export interface Network {
  /** Name of the network. */
  readonly name: string;
  /** True once it has a call graph. */
  readonly isConnected: boolean;
  /**
   * What it computes.
   * @throws {RidgelineError} `ERR_ARGUMENT` while it is not connected, `ERR_DISPOSED`.
   */
  readonly graph: CallGraph;
  /** Names of the inputs, in their order. */
  readonly inputNames: readonly string[];
  /** Names of the outputs, in their order. */
  readonly outputNames: readonly string[];
  /** Its layers. */
  readonly layers: readonly Layer[];
  /** All weights. */
  readonly weights: readonly Weight[];
  /** The same, with states that go from batch to batch. */
  readonly variables: readonly Weight[];
  /** The variables by where they stand in it, such as `dense/kernel`. */
  weightPaths(): [weight: Weight, path: string][];
  /** Says that it stands at `path`, `''` for by itself: names of weights in patterns, files and messages follow. */
  locate(path: string): void;
  /** Weights that training changes. */
  readonly trainableWeights: readonly Weight[];
  /** Seed of its random numbers. */
  readonly randomSeed: number;
  /** Counts an inference: its number, from which its random numbers follow. */
  nextInference(): number;
  /** That it is disposed of, for who waits for data. */
  readonly end: Ending;
  /** @throws {RidgelineError} `ERR_DISPOSED`. */
  checkAlive(): void;
  /** Connects a network that learns its input from the shape of the first data. */
  ready(shape: readonly number[]): void;
}

/** True if a state of it goes from batch to batch. */
export const carries = (network: Network): boolean => network.variables.some((weight) => weight.isCarried);

/** What has weights in places. */
export type Located = Pick<Network, 'variables' | 'weightPaths'>;

/** All variables, each with where it stands: what files know them by. */
export function located(network: Located): (readonly [weight: Weight, path: string])[] {
  const paths = new Map(network.weightPaths());
  return network.variables.map((weight) => [weight, paths.get(weight) as string]);
}

/** Adds the inputs of `network` to a trace, to be fed in their order. */
export function traceInputs(network: Network, trace: Trace): SymbolicTensor[] {
  const { inputNames } = network;
  return network.graph.inputs.map((t, i) => trace.input(inputNames[i] as string, t.shape, t.dtype));
}
