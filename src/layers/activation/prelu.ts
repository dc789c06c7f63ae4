/**
 * PReLU (He et al. 2015): a ReLU whose slope below 0 is learned.
 */
import type { ConstraintIdentifier } from '../../constraints/identifier.js';
import type { Shape, SymbolicTensor } from '../../core/symbolic.js';
import type { Weight } from '../../core/weight.js';
import { argumentError } from '../../errors.js';
import type { InitializerIdentifier } from '../../initializers/identifier.js';
import * as ops from '../../ops/index.js';
import type { RegularizerIdentifier } from '../../regularizers/identifier.js';
import { Layer } from '../layer.js';
import { type LayerOptions, list, option, type Table, weight } from '../options.js';

/** Options of {@link PReLU}. */
export interface PReLUOptions extends LayerOptions {
  /** Initial slopes. Default `zeros`. */
  readonly alphaInitializer?: InitializerIdentifier | undefined;
  /** Penalty on the slopes. */
  readonly alphaRegularizer?: RegularizerIdentifier | undefined;
  /** What the slopes are projected to after each step. */
  readonly alphaConstraint?: ConstraintIdentifier | undefined;
  /** Axis or axes, counted from 1, along which one slope serves all. Default none. */
  readonly sharedAxes?: number | readonly number[] | undefined;
}

const axesFrom1 = list<number>('a list of axes ≥ 1', (axis) => Number.isInteger(axis) && axis >= 1);

/** `x` above 0, `alpha·x` below, with a learned `alpha` for each feature. Input and output have one shape. */
export class PReLU extends Layer<PReLUOptions> {
  static override readonly className: string = 'PReLU';
  static override readonly supportsMasking: boolean = true;
  static override readonly takesOne: boolean = true;
  static override readonly options: Table<PReLUOptions> = {
    alpha: weight('zeros'),
    sharedAxes: option((argument, given): number | readonly number[] => {
      return axesFrom1.read(argument, typeof given === 'number' ? [given] : given);
    }, []),
  };
  #alpha!: Weight;

  override build(inputShape: Shape): void {
    const { alpha, sharedAxes: given } = this.options;
    const sharedAxes = [given].flat();
    if (sharedAxes.some((axis) => axis >= inputShape.length))
      throw argumentError('sharedAxes', `axes of an input of rank ${inputShape.length}`, sharedAxes);
    const shape = inputShape.slice(1).map((size, i) => (sharedAxes.includes(i + 1) ? 1 : size));
    this.#alpha = this.addWeight('alpha', { shape, ...alpha });
  }

  override call(x: SymbolicTensor): SymbolicTensor {
    const below = ops.mul(ops.neg(ops.relu(ops.neg(x))), this.#alpha);
    return ops.add(ops.relu(x), below);
  }
}

/**
 * A PReLU layer.
 * @throws {RidgelineError} `ERR_ARGUMENT` for bad options.
 */
export const prelu = (options?: PReLUOptions): PReLU => new PReLU(options);
