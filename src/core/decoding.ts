/**
 * Decoding: a model traced to go on with a sequence, a few steps at a time, and what its layers keep of the steps before.
 */
import { RidgelineError } from '../errors.js';
import type { SymbolicTensor } from './symbolic.js';
import type { Weight } from './weight.js';

/** See the module documentation; a trace has one where it is traced so. */
export interface Decoding {
  /** Sequences side by side. */
  readonly rows: number;
  /** The most steps of a sequence. */
  readonly length: number;
  /** Steps that went before, float32 `[1]`. */
  readonly position: SymbolicTensor;
  /** A state of the layer that is being traced, zeros before the first step. */
  state(name: string, shape: readonly number[]): Weight;
  /** What a state is behind these steps. */
  keep(weight: Weight, next: SymbolicTensor): void;
}

/**
 * Says that a layer looks at all steps of a sequence at once.
 * @throws {RidgelineError} `ERR_ARGUMENT` where it is traced for a few of them.
 */
export function needsAllSteps(
  trace: { readonly decoding: Decoding | undefined },
  layer: string,
  why = 'looks at all steps at once',
): void {
  if (!trace.decoding) return;
  const message = `layer '${layer}' ${why}, so the model cannot go on with a sequence step by step`;
  throw new RidgelineError('ERR_ARGUMENT', message, { layer });
}
