/**
 * What a saved model keeps of a callback.
 */
import type { NativeVariable } from '../native.js';

/** Plain values, and memory such as copies of weights. */
export interface CallbackState {
  readonly values: Record<string, unknown>;
  readonly variables: readonly NativeVariable[];
}
