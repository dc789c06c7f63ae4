/**
 * What a metric is: streaming totals over an epoch, divided by their weights.
 */
import type { SymbolicTensor } from '../core/symbolic.js';
import type { Loss } from '../losses/loss.js';

/** A metric: a value for each sample, of which the epoch's mean is logged. */
export interface Metric<N extends string = string> {
  /** Key in logs and history. */
  readonly name: N;
  /** Direction of improvement, if it is known. */
  readonly direction: 'max' | 'min' | undefined;
  /** One value for each sample or position. */
  call(yTrue: SymbolicTensor, yPred: SymbolicTensor, loss: Loss | undefined): SymbolicTensor;
  /** How to make an equal one. */
  getConfig(): Record<string, unknown> | undefined;
}

/** What every metric can be told. */
export type MetricOptions<N extends string> = {
  /** Key in logs and history. */
  readonly name?: N | undefined;
};
