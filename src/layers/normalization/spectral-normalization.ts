/**
 * Spectral normalization (Miyato et al. 2018): a layer whose kernel is divided by its largest singular value, which a power
 * iteration follows from step to step.
 */
import type { Shape, SymbolicTensor } from '../../core/symbolic.js';
import type { Weight } from '../../core/weight.js';
import { argumentError } from '../../errors.js';
import * as ops from '../../ops/index.js';
import { innerLayer } from '../inner-layer.js';
import { Layer } from '../layer.js';
import { integer, type LayerOptions, type Table } from '../options.js';

/** Options of {@link SpectralNormalization}. */
export interface SpectralNormalizationOptions extends LayerOptions {
  /** Iterations in each step. Default 1. */
  readonly powerIterations?: number | undefined;
}

/** Config of {@link SpectralNormalization}. */
export interface SpectralNormalizationConfig extends SpectralNormalizationOptions {
  /** The layer, which has a weight called `kernel` or `embeddings`. */
  readonly layer: Layer;
}

type Given = [layer: Layer, options?: SpectralNormalizationOptions] | [config: SpectralNormalizationConfig];

const normalized = (x: SymbolicTensor): SymbolicTensor => ops.div(x, ops.maximum(ops.norm(x), 1e-12));

/**
 * What `layer` computes with its kernel W as it is; in training W is replaced first, for good, by `W/σ`, with
 * `σ = v·W·uᵀ` of vectors that follow the largest singular value: `v ← u·Wᵀ/‖·‖`, `u ← v·W/‖·‖`. The update of the step
 * begins with `W/σ`; no gradient flows through σ. That is what Keras does with TensorFlow.
 */
export class SpectralNormalization extends Layer<SpectralNormalizationConfig, Given> {
  static override readonly className: string = 'SpectralNormalization';
  static override readonly takesOne: boolean = true;
  static override readonly options: Table<SpectralNormalizationConfig> = {
    layer: innerLayer,
    powerIterations: integer(1, 1),
  };
  #vector!: Weight;

  /** The weight that is normalized. */
  get #kernel(): Weight {
    const { layer } = this.options;
    const found = layer.weights.find(({ name }) => name === 'kernel' || name === 'embeddings');
    if (found && found.shape.length > 0) return found;
    throw argumentError('layer', "one with a weight called 'kernel' or 'embeddings'", layer.name);
  }

  override build(inputShape: Shape): void {
    this.options.layer.build(inputShape);
    const shape = [1, this.#kernel.shape.at(-1) as number];
    const initializer = { name: 'truncatedNormal', stddev: 0.02 };
    this.#vector = this.addWeight('vector_u', { shape, initializer, trainable: false });
  }

  override call(x: SymbolicTensor): SymbolicTensor {
    if (this.isTraining) this.#normalize();
    return this.options.layer(x as never) as SymbolicTensor;
  }

  #normalize(): void {
    const kernel = this.#kernel;
    const matrix = ops.reshape(kernel, [-1, kernel.shape.at(-1) as number]) as SymbolicTensor;
    let u = ops.add(this.#vector, 0) as SymbolicTensor;
    let v = u;
    for (let i = 0; i < this.options.powerIterations; i++) {
      v = normalized(ops.matmul(u, matrix, { transposeB: true }));
      u = normalized(ops.matmul(v, matrix));
    }
    const sigma = ops.sum(ops.mul(ops.matmul(v, matrix), u));
    // A kernel of zeros has no direction and stays.
    const isZero = ops.equal(ops.max(ops.abs(matrix)), 0);
    this.assign(this.#vector, ops.where(isZero, this.#vector, u) as SymbolicTensor);
    this.assign(kernel, ops.div(kernel, ops.where(isZero, 1, sigma)) as SymbolicTensor);
  }
}

/**
 * A layer with its kernel normalized.
 *
 * @example
 * ```ts
 * const critic = new Sequential([input([8]), layers.spectralNormalization(layers.dense(16)), layers.dense(1)]);
 * ```
 * @param layer - The layer, which has a weight called `kernel` or `embeddings`.
 * @throws {RidgelineError} `ERR_ARGUMENT` for bad options.
 */
export function spectralNormalization(
  layer: Layer,
  options?: SpectralNormalizationOptions,
): SpectralNormalization;
export function spectralNormalization(config: SpectralNormalizationConfig): SpectralNormalization;
export function spectralNormalization(...given: unknown[]): SpectralNormalization {
  return new SpectralNormalization(...(given as Given));
}
