/**
 * Weights of a layer: how they are asked for and made.
 */
import type { ConstraintIdentifier } from '../constraints/identifier.js';
import { getConstraint } from '../constraints/identifier.js';
import { boolean, options as checkOptions, isName } from '../core/check.js';
import { MOST_AXES } from '../core/nested.js';
import { nextStream } from '../core/random.js';
import { shapeText, type TensorInput } from '../core/tensor.js';
import { Weight } from '../core/weight.js';
import { argumentError, RidgelineError, show } from '../errors.js';
import { getInitializer, type InitializerIdentifier } from '../initializers/identifier.js';
import type { Fans } from '../initializers/initializer.js';
import { guard, type NativeVariable, native } from '../native.js';
import { getRegularizer, type RegularizerIdentifier } from '../regularizers/identifier.js';

/** Options of {@link Layer.addWeight}. */
export interface WeightOptions {
  /** Sizes; all must be known. */
  readonly shape: readonly (number | null)[];
  /** Initial values. Default `glorotUniform`. */
  readonly initializer?: InitializerIdentifier | undefined;
  /** Penalty added to the loss. */
  readonly regularizer?: RegularizerIdentifier | undefined;
  /** What it is projected to after each step. */
  readonly constraint?: ConstraintIdentifier | undefined;
  /** False for state that no gradient changes. Default true. */
  readonly trainable?: boolean | undefined;
  /**
   * True for a state that goes from batch to batch: what `assign` says holds in evaluation and prediction too. It is not
   * trained, and begins with zeros unless something else is said. Default false.
   */
  readonly carried?: boolean | undefined;
  /** Fan in and fan out, by which variances are scaled, where they do not follow from the shape. */
  readonly fans?: Fans | undefined;
}

/** Elements that weights may still have while they are made without values; `undefined` where they begin with some. */
let unfilled: number | undefined;

/**
 * Does `work`, in which new weights have no values yet, and no more elements in all than those that will fill them.
 * @throws {RidgelineError} `ERR_IO` when there would be more.
 */
export function withoutValues<T>(elements: number, work: () => T): T {
  const outer = unfilled;
  unfilled = elements;
  try {
    return work();
  } finally {
    unfilled = outer;
  }
}

function empty(path: string, shape: number[]): NativeVariable {
  unfilled = (unfilled as number) - shape.reduce((a, b) => a * b, 1);
  if (unfilled >= 0) return guard(() => native.NativeVariable.zeros(path, shape));
  throw new RidgelineError('ERR_IO', `the file has no values for '${path}' of shape ${shapeText(shape)}`);
}

/**
 * A new weight of the layer called `layer`.
 * @throws {RidgelineError} `ERR_SHAPE` for unknown or bad sizes, `ERR_ARGUMENT` for a constraint that the shape has no
 *   axis for, `ERR_MEMORY` when it is too large.
 */
export function createWeight(layer: string, name: string, options: WeightOptions): Weight {
  const NAMES = ['shape', 'initializer', 'regularizer', 'constraint', 'trainable', 'carried', 'fans'];
  const {
    shape: sizes,
    carried = false,
    trainable = !carried,
  } = checkOptions<Partial<WeightOptions>>('addWeight', options, NAMES);
  boolean('trainable', trainable);
  if (boolean('carried', carried) && trainable)
    throw argumentError('trainable', 'false for a state that is carried', trainable);
  if (!isName(name) || name.includes('/'))
    throw argumentError(`name of a weight of layer '${layer}'`, "a non-empty string without '/'", name);
  if (!Array.isArray(sizes) || sizes.length > MOST_AXES)
    throw argumentError(`shape of weight '${name}'`, 'a list of sizes', sizes);
  const shape = Array.from(sizes as WeightOptions['shape'], (d) => {
    if (d !== null && Number.isSafeInteger(d) && d >= 0) return d;
    throw new RidgelineError(
      'ERR_SHAPE',
      `layer '${layer}': weight '${name}' needs known sizes, received ${shapeText(sizes)}`,
      { layer, argument: name },
    );
  });
  const initializer = getInitializer(
    `${name}Initializer`,
    options.initializer ?? (carried ? 'zeros' : 'glorotUniform'),
  );
  const path = `${layer}/${name}`;
  const stream = nextStream();
  const variable =
    unfilled === undefined
      ? guard(() => initializer.create(path, shape, stream, options.fans))
      : empty(path, shape);
  if (!(variable instanceof native.NativeVariable))
    throw argumentError(`${name}Initializer`, 'an initializer, whose create() makes a variable', initializer);
  const regularizer = getRegularizer(`${name}Regularizer`, options.regularizer);
  const constraint = getConstraint(`${name}Constraint`, options.constraint);
  constraint?.checkShape(path, shape);
  const weight = new Weight(name, shape, variable, trainable, regularizer, constraint, carried);
  weight.path = path;
  return weight;
}

/** Writes all weights of the layer called `layer`, or none unless all values fit. */
export function writeAll(layer: string, weights: readonly Weight[], values: readonly TensorInput[]): void {
  if (!Array.isArray(values) || values.length !== weights.length) {
    const yet = weights.length === 0 ? ' (a layer makes its weights when it is first called)' : '';
    throw new RidgelineError(
      'ERR_ARGUMENT',
      `${layer}.setWeights expects ${weights.length} tensors${yet}, received ${Array.isArray(values) ? values.length : show(values)}`,
      { layer, argument: 'weights' },
    );
  }
  const tensors = weights.map((weight, i) => weight.fit(values[i] as TensorInput));
  const variables = weights.map(({ variable }) => variable);
  const elements = tensors.map(({ data }) => data);
  guard(() => native.writeVariables(variables, elements));
}
