/**
 * The inputs of layers that merge tensors.
 */
import { SymbolicTensor } from '../../core/symbolic.js';
import { argumentError } from '../../errors.js';

/**
 * At least one tensor.
 * @throws {RidgelineError} `ERR_ARGUMENT` for anything else.
 */
export function several(layer: string, inputs: unknown): SymbolicTensor[] {
  const isTensor = (t: unknown): boolean => t instanceof SymbolicTensor;
  if (Array.isArray(inputs) && inputs.length >= 1 && Array.from(inputs).every(isTensor)) return inputs;
  throw argumentError('inputs', `a list of tensors for layer '${layer}'`, inputs);
}
