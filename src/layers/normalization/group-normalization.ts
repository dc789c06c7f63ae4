/**
 * Group normalization (Wu and He 2018): groups of channels of each sample by their own mean and biased variance. With one
 * group for each channel it is instance normalization.
 */
import { floating } from '../../core/apply.js';
import * as check from '../../core/check.js';
import type { Shape, SymbolicTensor } from '../../core/symbolic.js';
import { Trace } from '../../core/trace.js';
import type { Weight } from '../../core/weight.js';
import { argumentError } from '../../errors.js';
import * as ops from '../../ops/index.js';
import { Layer } from '../layer.js';
import {
  axis,
  type LayerOptions,
  nonNegative,
  option,
  type ScaleOptions,
  scaled,
  type Table,
} from '../options.js';
import { alongAxis, channelAxis } from './channels.js';

/** Options of {@link GroupNormalization}. */
export interface GroupNormalizationOptions extends LayerOptions, ScaleOptions {
  /** Number of groups, which divides that of the channels; −1 for one for each channel. Default 32. */
  readonly groups?: number | undefined;
  /** Axis of the channels, not the batch. Default −1. */
  readonly axis?: number | undefined;
  /** Added to the variance. Default 1e-3. */
  readonly epsilon?: number | undefined;
}

/**
 * `γ·(x − μ)/√(σ² + ε) + β`, with μ and σ² of each sample over all axes and the channels of a group. Input and output have
 * one shape; γ and β have one value for each channel.
 */
export class GroupNormalization extends Layer<GroupNormalizationOptions> {
  static override readonly className: string = 'GroupNormalization';
  static override readonly supportsMasking: boolean = true;
  static override readonly takesOne: boolean = true;
  static override readonly options: Table<GroupNormalizationOptions> = {
    groups: option((argument, given): number => {
      const groups = check.integer(argument, given, -1);
      if (groups !== 0) return groups;
      throw argumentError(argument, 'an integer ≥ 1, or −1', given);
    }, 32),
    axis: axis(-1),
    epsilon: nonNegative(1e-3),
    ...scaled,
  };
  #gamma: Weight | undefined;
  #beta: Weight | undefined;

  #groupsOf(channels: number): number {
    const { groups } = this.options;
    const count = groups === -1 ? channels : groups;
    if (count > 0 && channels % count === 0) return count;
    throw argumentError('groups', `a divisor of the ${channels} channels, or −1`, groups);
  }

  override build(inputShape: Shape): void {
    const shape = [inputShape[channelAxis(this.options.axis, inputShape)] ?? null];
    const { scale, center, gamma, beta } = this.options;
    if (shape[0] !== null) this.#groupsOf(shape[0] as number);
    if (scale) this.#gamma = this.addWeight('gamma', { shape, ...gamma });
    if (center) this.#beta = this.addWeight('beta', { shape, ...beta });
  }

  override call(given: SymbolicTensor): SymbolicTensor {
    const { epsilon } = this.options;
    const trace = Trace.running;
    const x = floating(trace, given);
    const axis = channelAxis(this.options.axis, x.shape);
    const channels = x.shape[axis] as number;
    // [batch, channels, …], then a row for each group.
    const order = [0, axis, ...x.shape.map((_, i) => i).filter((i) => i !== 0 && i !== axis)];
    const inOrder = axis === 1;
    const moved = inOrder ? x : ops.transpose(x, order);
    const rows = ops.reshape(moved, [null, this.#groupsOf(channels), -1]);
    const normal = standardized(trace, rows, epsilon);
    const [split] = trace.emit('reshapeLike', [normal, moved]);
    const back = order.map((_, i) => order.indexOf(i));
    const y = inOrder ? split : ops.transpose(split, back);
    const scaled = this.#gamma ? ops.mul(y, alongAxis(this.#gamma, x, axis)) : y;
    return this.#beta ? ops.add(scaled, alongAxis(this.#beta, x, axis)) : scaled;
  }
}

/** Rows with mean 0 and variance 1, by the kernel that there is for rows of a known size. */
function standardized(trace: Trace, rows: SymbolicTensor, epsilon: number): SymbolicTensor {
  if (rows.shape.at(-1) !== null)
    return trace.emit('layerNorm', [rows], { epsilon, scale: false, center: false })[0];
  const over = { axis: -1, keepdims: true };
  const apart = ops.sub(rows, ops.mean(rows, over));
  return ops.mul(apart, ops.rsqrt(ops.add(ops.variance(rows, over), epsilon)));
}

/**
 * A group normalization layer.
 * @throws {RidgelineError} `ERR_ARGUMENT` for bad options, or groups that do not divide the channels.
 */
export const groupNormalization = (options?: GroupNormalizationOptions): GroupNormalization =>
  new GroupNormalization(options);
