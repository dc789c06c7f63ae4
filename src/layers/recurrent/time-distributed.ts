/**
 * TimeDistributed: one layer for every step of time.
 */
import type { Shape, SymbolicTensor } from '../../core/symbolic.js';
import { Trace } from '../../core/trace.js';
import * as ops from '../../ops/index.js';
import type { CallOptions } from '../arguments.js';
import type { GivesOne } from '../gives.js';
import { innerLayer } from '../inner-layer.js';
import { checkAxes } from '../input-axes.js';
import { Layer } from '../layer.js';
import type { LayerOptions, Table } from '../options.js';

/** Config of {@link TimeDistributed}. */
export interface TimeDistributedConfig extends LayerOptions {
  /** The layer. */
  readonly layer: Layer;
}

type Given = [layer: Layer, options?: LayerOptions] | [config: TimeDistributedConfig];

/**
 * Applies a layer to each step: input `[batch, time, …]`, output `[batch, time, …]` of what the layer makes of `[batch, …]`.
 * All steps go through it at once, as rows of one batch: where the layer looks at its batch, as batch normalization does, it
 * sees them all. A mask `[batch, time, …]` says what counts within a step, and a step counts of which something does. As in
 * Keras, the layer's activity regularizer is left out.
 */
export class TimeDistributed extends Layer<TimeDistributedConfig, Given> {
  static override readonly className: string = 'TimeDistributed';
  static override readonly takesOne: boolean = true;
  static override readonly options: Table<TimeDistributedConfig> = { layer: innerLayer };

  override build(inputShape: Shape): void {
    checkAxes(this.name, inputShape, ['batch', 'time', '…']);
    this.options.layer.build([null, ...inputShape.slice(2)]);
  }

  /** `call` says it. */
  override computeMask(): undefined {}

  override call(x: SymbolicTensor): SymbolicTensor | SymbolicTensor[] {
    const { layer } = this.options;
    const trace = Trace.running;
    const merged = (y: SymbolicTensor): SymbolicTensor => trace.emit('mergeTime', [y])[0];
    const apart = (y: SymbolicTensor): SymbolicTensor => trace.emit('splitTime', [y, x])[0];
    // A mask of steps alone says nothing within a step.
    const within = x.mask && x.mask.rank > 2 ? x.mask : undefined;
    const outputs = layer.invoke([merged(x).withMask(within && merged(within))]);
    const [first, ...others] = [outputs].flat() as [SymbolicTensor, ...SymbolicTensor[]];
    // As in Keras, which runs the layer's call alone.
    if (layer.activityRegularizer) trace.penalties.splice(-1 - others.length);
    const mask = first.mask ? apart(first.mask) : within ? stepsOf(within) : x.mask;
    const all = [apart(first).withMask(mask), ...others.map((y) => apart(y.withMask(undefined)))];
    return Array.isArray(outputs) ? all : (all[0] as SymbolicTensor);
  }
}

/** The steps of which some part counts. */
function stepsOf(mask: SymbolicTensor): SymbolicTensor {
  const axis = Array.from({ length: mask.rank - 2 }, (_, i) => i + 2);
  return ops.greater(ops.max(ops.cast(mask, 'float32'), { axis }), 0);
}

/**
 * A layer that applies another one to each step.
 *
 * @param layer - The other one, such as `layers.dense(8)`.
 * @throws {RidgelineError} `ERR_ARGUMENT` for bad options.
 */
export function timeDistributed(
  layer: GivesOne<Layer, [x: SymbolicTensor]>,
  options?: LayerOptions,
): GivesOne<TimeDistributed, [x: SymbolicTensor, options?: CallOptions]>;
export function timeDistributed(layer: Layer, options?: LayerOptions): TimeDistributed;
export function timeDistributed(config: TimeDistributedConfig): TimeDistributed;
export function timeDistributed(...given: unknown[]): TimeDistributed {
  return new TimeDistributed(...(given as Given));
}
