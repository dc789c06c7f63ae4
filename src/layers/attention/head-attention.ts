/**
 * What attention with heads has in common: options, how it is called, and its dense layers.
 */

import { needsAllSteps } from '../../core/decoding.js';
import { boolean, rate } from '../../core/options.js';
import { SymbolicTensor } from '../../core/symbolic.js';
import { Trace } from '../../core/trace.js';
import { argumentError } from '../../errors.js';
import type { CallOptionKinds } from '../arguments.js';
import { type EinsumDense, einsumDense } from '../core/einsum-dense.js';
import { Layer } from '../layer.js';
import {
  type BiasOptions,
  type KernelOptions,
  type LayerOptions,
  type RandomOptions,
  random,
  type Settled,
  type Table,
  weight,
} from '../options.js';
import { withCache } from './cached.js';
import { ATTENTION_CALL_OPTIONS, type AttentionCallOptions, seenBy } from './call-options.js';
import { attend, type Heads } from './heads.js';
import { pairMask } from './masks.js';

/** Options of attention with heads. */
export interface HeadAttentionOptions extends LayerOptions, KernelOptions, BiasOptions, RandomOptions {
  /** Share of what a query takes that is zeroed in training, in [0, 1). Default 0. */
  readonly dropout?: number | undefined;
  /** Adds biases. Default true. */
  readonly useBias?: boolean | undefined;
}

/** The table of {@link HeadAttentionOptions}. */
export const headAttention: Table<HeadAttentionOptions> = {
  dropout: rate(0),
  useBias: boolean(true),
  kernel: weight('glorotUniform'),
  bias: weight('zeros'),
  ...random,
};

/**
 * Called with a query `[batch, queries, features]`, a value `[batch, keys, features]` and, if it is another one, a key;
 * gives `[batch, queries, features]`. A query that sees nothing takes 0. The activity regularizer is, as in Keras, one of
 * each of its dense layers.
 */
export abstract class HeadAttention<C extends object, A extends unknown[]> extends Layer<C, A> {
  static override readonly supportsMasking: boolean = true;
  static override readonly callOptions: CallOptionKinds = ATTENTION_CALL_OPTIONS;

  /** Size of a key of one head. */
  protected abstract readonly keySize: number;
  /** Axes that are looked along. */
  protected abstract readonly axes: readonly number[];

  /** What heads look at. */
  protected abstract heads(query: SymbolicTensor, key: SymbolicTensor, value: SymbolicTensor): Heads;
  /** The output of what the heads took. */
  protected abstract combined(taken: SymbolicTensor): SymbolicTensor;

  get #settings(): Settled<HeadAttentionOptions> {
    return this.options as unknown as Settled<HeadAttentionOptions>;
  }

  /** A dense layer of it. */
  protected projection(
    name: string,
    equation: string,
    outputShape: readonly (number | null)[],
    biasAxes: string,
  ): EinsumDense {
    const { useBias, kernel, bias } = this.#settings;
    return einsumDense({
      equation,
      outputShape,
      name,
      biasAxes: useBias ? biasAxes : null,
      kernelInitializer: kernel.initializer,
      kernelRegularizer: kernel.regularizer,
      kernelConstraint: kernel.constraint,
      biasInitializer: bias.initializer,
      biasRegularizer: bias.regularizer,
      biasConstraint: bias.constraint,
      activityRegularizer: this.activityRegularizer,
    });
  }

  override call(
    query: SymbolicTensor,
    value: SymbolicTensor,
    key?: SymbolicTensor,
    options: AttentionCallOptions = {},
  ): SymbolicTensor | SymbolicTensor[] {
    if (!(query instanceof SymbolicTensor) || !(value instanceof SymbolicTensor))
      throw argumentError('inputs', 'a query and a value', [query, value]);
    const { dropout, seed } = this.#settings;
    const q = query.withMask(undefined);
    const own = (x: SymbolicTensor): SymbolicTensor => (x === query ? q : x.withMask(undefined));
    const [k, v] = [own(key ?? value), own(value)];
    const { decoding } = Trace.running;
    const isOwn = options.useCausalMask === true && k === q && v === q && !options.attentionMask;
    if (!isOwn) needsAllSteps(Trace.running, this.name, 'is not attention of a sequence to its own past');
    const projected = this.heads(q, k, v);
    const seen = seenBy([query, value, key], options);
    const past = decoding && withCache(decoding, projected, seen);
    const { taken, shares } = attend(past?.heads ?? projected, {
      mask: past ? past.mask : pairMask(seen),
      causal: !past && (options.useCausalMask ?? false),
      scale: 1 / Math.sqrt(this.keySize),
      rate: this.isTraining ? dropout : 0,
      seed,
      axes: this.axes,
      shares: options.returnAttentionScores ?? false,
    });
    const output = this.combined(taken);
    return shares ? [output, shares] : output;
  }
}
