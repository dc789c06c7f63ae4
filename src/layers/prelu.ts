/**
 * PReLU (He et al. 2015): a ReLU whose slope below 0 is learned.
 */
import { options as checkOptions } from '../core/check.js';
import type { Shape, SymbolicTensor } from '../core/symbolic.js';
import type { Weight } from '../core/weight.js';
import { argumentError } from '../errors.js';
import { getInitializer, type InitializerIdentifier } from '../initializers/identifier.js';
import type { Initializer } from '../initializers/initializer.js';
import * as ops from '../ops/index.js';
import {
  getRegularizer,
  type Regularizer,
  type RegularizerIdentifier,
  regularizerConfig,
} from '../regularizers/regularizer.js';
import { LAYER_OPTIONS, Layer, type LayerOptions } from './layer.js';

/** Options of {@link PReLU}. */
export interface PReLUOptions extends LayerOptions {
  /** Initial slopes. Default `zeros`. */
  readonly alphaInitializer?: InitializerIdentifier | undefined;
  /** Penalty on the slopes. */
  readonly alphaRegularizer?: RegularizerIdentifier | undefined;
  /** Axes, counted from 1, along which one slope serves all. */
  readonly sharedAxes?: readonly number[] | undefined;
}

/** `x` above 0, `alpha·x` below, with a learned `alpha` for each feature. */
export class PReLU extends Layer {
  static override readonly className: string = 'PReLU';
  readonly sharedAxes: readonly number[];
  #initializer: Initializer;
  #regularizer: Regularizer | undefined;
  #alpha!: Weight;

  constructor(config: PReLUOptions = {}) {
    super(config);
    checkOptions('prelu', config, [...LAYER_OPTIONS, 'alphaInitializer', 'alphaRegularizer', 'sharedAxes']);
    this.#initializer = getInitializer('alphaInitializer', config.alphaInitializer ?? 'zeros');
    this.#regularizer = getRegularizer('alphaRegularizer', config.alphaRegularizer);
    this.sharedAxes = config.sharedAxes ?? [];
    if (!Array.isArray(this.sharedAxes) || this.sharedAxes.some((a) => !Number.isInteger(a) || a < 1)) {
      throw argumentError('sharedAxes', 'a list of axes ≥ 1', config.sharedAxes);
    }
  }
  override build(inputShape: Shape): void {
    const shape = inputShape.slice(1).map((size, i) => (this.sharedAxes.includes(i + 1) ? 1 : size));
    this.#alpha = this.addWeight('alpha', {
      shape,
      initializer: this.#initializer,
      regularizer: this.#regularizer,
    });
  }
  override call(x: SymbolicTensor): SymbolicTensor {
    const below = ops.mul(ops.neg(ops.relu(ops.neg(x))), this.#alpha);
    return ops.add(ops.relu(x), below);
  }
  override getConfig(): Record<string, unknown> {
    return {
      ...super.getConfig(),
      alphaInitializer: this.#initializer.getConfig(),
      alphaRegularizer: regularizerConfig('alphaRegularizer', this.#regularizer),
      sharedAxes: this.sharedAxes,
    };
  }
}

/** A PReLU layer. */
export const prelu = (options?: PReLUOptions): PReLU => new PReLU(options);
