/**
 * TimeDistributed: one layer for every step of time.
 */
import type { Shape, SymbolicTensor } from '../../core/symbolic.js';
import { Trace } from '../../core/trace.js';
import { RidgelineError } from '../../errors.js';
import { innerLayer } from '../inner-layer.js';
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
 * sees them all.
 */
export class TimeDistributed extends Layer<TimeDistributedConfig, Given> {
  static override readonly className: string = 'TimeDistributed';
  static override readonly takesOne: boolean = true;
  static override readonly supportsMasking: boolean = true;
  static override readonly options: Table<TimeDistributedConfig> = { layer: innerLayer };

  override build(inputShape: Shape): void {
    if (inputShape.length < 3) {
      const message = `layer '${this.name}' expects input [batch, time, …], received ${inputShape.length} axes`;
      throw new RidgelineError('ERR_SHAPE', message, { received: inputShape });
    }
    this.options.layer.build([null, ...inputShape.slice(2)]);
  }

  override call(x: SymbolicTensor): SymbolicTensor | SymbolicTensor[] {
    const trace = Trace.running;
    const [rows] = trace.emit('mergeTime', [x]);
    const outputs = this.options.layer.invoke([rows]) as SymbolicTensor | SymbolicTensor[];
    const apart = (y: SymbolicTensor): SymbolicTensor => trace.emit('splitTime', [y, x])[0];
    return Array.isArray(outputs) ? outputs.map(apart) : apart(outputs);
  }
}

/**
 * A layer that applies another one to each step.
 *
 * @param layer - The other one, such as `layers.dense(8)`.
 * @throws {RidgelineError} `ERR_ARGUMENT` for bad options.
 */
export function timeDistributed(layer: Layer, options?: LayerOptions): TimeDistributed;
export function timeDistributed(config: TimeDistributedConfig): TimeDistributed;
export function timeDistributed(...given: unknown[]): TimeDistributed {
  return new TimeDistributed(...(given as Given));
}
