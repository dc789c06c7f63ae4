/**
 * What native predictions give: what is brief is done before they return, as it would take longer to tell another thread.
 */
import { Tensor } from '../core/tensor.js';
import { othersTurn } from '../core/turns.js';
import { type NativePrediction, type NativeTensor, succeeded } from '../native.js';

/** The tensors of a prediction that was brief, or those that come in time. */
export type Found = readonly NativeTensor[] | Promise<NativePrediction>;

/**
 * The tensors of a native prediction.
 * @throws {RidgelineError} As a rejection: the failure that ended it.
 */
export async function settled(found: Found): Promise<Tensor[]> {
  if ('then' in found) return tensors(succeeded(await found).tensors);
  await othersTurn();
  return tensors(found);
}

/** Tensors of native ones. */
export function tensors(of: readonly NativeTensor[]): Tensor[] {
  return of.map((t) => Tensor.fromNative(t));
}
