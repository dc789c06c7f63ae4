/**
 * Gradients of a scalar that is traced on concrete tensors.
 */
import type { SymbolicTensor } from '../../src/core/symbolic.js';
import { Tensor } from '../../src/core/tensor.js';
import type { Trace } from '../../src/core/trace.js';

/** Gradients of `loss` with respect to `targets`: zeros where none flows. */
export function gradientsOf(
  trace: Trace,
  loss: SymbolicTensor,
  targets: readonly SymbolicTensor[],
): Tensor[] {
  const [id] = trace.ids([loss]) as [number];
  return trace.graph.gradients(id, trace.ids(targets)).map((gradient, i) => {
    if (gradient) return Tensor.fromNative(gradient);
    const shape = targets[i]?.shape as readonly number[];
    return new Tensor(new Float32Array(shape.reduce((a, b) => a * b, 1)), shape, 'float32');
  });
}
