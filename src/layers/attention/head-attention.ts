/**
 * What attention with heads has in common: options, how it is called, and its dense layers.
 */

import { needsAllSteps } from '../../core/decoding.js';
import { boolean, integer, nullable, rate } from '../../core/options.js';
import { SymbolicTensor } from '../../core/symbolic.js';
import { Trace } from '../../core/trace.js';
import { argumentError } from '../../errors.js';
import * as ops from '../../ops/index.js';
import { both } from '../../ops/masks.js';
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
import { counted, nearKeys, pairMask } from './masks.js';

/** Options of attention with heads. */
export interface HeadAttentionOptions extends LayerOptions, KernelOptions, BiasOptions, RandomOptions {
  /** Share of what a query takes that is zeroed in training, in [0, 1). Default 0. */
  readonly dropout?: number | undefined;
  /** Adds biases. Default true. */
  readonly useBias?: boolean | undefined;
  /**
   * A query sees keys whose places are less than so many away from its own, on both sides; with `useCausalMask` those up to
   * its own. Default all.
   */
  readonly slidingWindow?: number | null | undefined;
  /** What a query takes is multiplied by a sigmoid of a dense layer of it, `gate`. Default false. */
  readonly useGate?: boolean | undefined;
}

/** The table of {@link HeadAttentionOptions}. */
export const headAttention: Table<HeadAttentionOptions> = {
  dropout: rate(0),
  useBias: boolean(true),
  slidingWindow: nullable(integer(1, null)),
  useGate: boolean(false),
  kernel: weight('glorotUniform'),
  bias: weight('zeros'),
  ...random,
};

/** Queries, keys and values, and with `useGate` what the taken is multiplied by. */
export interface GatedHeads extends Heads {
  readonly gate: SymbolicTensor | undefined;
}

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

  /** The dense layer of the gate, with `useGate`. */
  protected gate: EinsumDense | undefined;

  /** What heads look at. */
  protected abstract heads(query: SymbolicTensor, key: SymbolicTensor, value: SymbolicTensor): GatedHeads;
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
    activation?: 'sigmoid',
  ): EinsumDense {
    const { useBias, kernel, bias } = this.#settings;
    return einsumDense({
      activation,
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

  override computeMask(
    inputs: readonly SymbolicTensor[],
    options: AttentionCallOptions = {},
  ): SymbolicTensor | undefined {
    return counted(options.queryMask) ?? inputs[0]?.mask;
  }

  override call(
    query: SymbolicTensor,
    value: SymbolicTensor,
    key?: SymbolicTensor,
    options: AttentionCallOptions = {},
  ): SymbolicTensor | SymbolicTensor[] {
    const all: unknown[] = key === undefined ? [query, value] : [query, value, key];
    if (!all.every((of) => of instanceof SymbolicTensor))
      throw argumentError('inputs', 'a query, a value and, if it is another one, a key', all);
    const { dropout, seed, slidingWindow } = this.#settings;
    if (slidingWindow !== undefined && this.axes.length > 1)
      throw argumentError('slidingWindow', 'left out where several axes are looked along', slidingWindow);
    const q = query.withMask(undefined);
    const own = (x: SymbolicTensor): SymbolicTensor => (x === query ? q : x.withMask(undefined));
    const [k, v] = [own(key ?? value), own(value)];
    const { decoding } = Trace.running;
    const isOwn = options.useCausalMask === true && k === q && v === q && !options.attentionMask;
    if (!isOwn)
      needsAllSteps(
        Trace.running,
        this.name,
        'is not attention of a sequence to its own past, as useCausalMask: true is',
      );
    const projected = this.heads(q, k, v);
    const { query: queries, ...seen } = seenBy([query, value, key], options);
    const past = decoding && withCache(decoding, projected, seen, slidingWindow);
    const near = slidingWindow === undefined ? undefined : nearKeys(projected, this.axes, slidingWindow);
    const { taken, shares } = attend(past?.heads ?? projected, {
      mask: past ? past.mask : both(pairMask(seen), near),
      queries: counted(queries),
      causal: !past && (options.useCausalMask ?? false),
      scale: 1 / Math.sqrt(this.keySize),
      rate: this.isTraining ? dropout : 0,
      seed,
      axes: this.axes,
      shares: options.returnAttentionScores ?? false,
    });
    const { gate } = projected;
    const output = this.combined(gate ? ops.mul(taken, gate) : taken);
    return shares ? [output, shares] : output;
  }
}
