/**
 * What users pass as data.
 */
import type { TensorInput } from './tensor.js';

/** Data for one or several inputs or outputs: one value, a list, or one by name. */
export type DataInput = TensorInput | readonly TensorInput[] | Record<string, TensorInput>;
