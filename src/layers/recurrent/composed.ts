/**
 * Recurrent layers of ops, for activations that the native op does not have: the same formulas, step by step.
 */
import type { NamedActivation } from '../../activations/identifier.js';
import type { SymbolicTensor } from '../../core/symbolic.js';
import * as ops from '../../ops/index.js';
import type { Cell, Factors, Way } from './cell.js';
import { scanned } from './scanned.js';

/** Activations of the native op: those whose slope follows from their value. */
const NATIVE = ['linear', 'tanh', 'sigmoid', 'hardSigmoid', 'relu', 'elu', 'softsign', 'softplus'];

/** True if the native op has the activation. */
export const isNative = ({ name }: NamedActivation): boolean => NATIVE.includes(name ?? '');

/** What a walk through time needs. */
export interface Composition {
  readonly cell: Cell;
  readonly units: number;
  readonly activation: NamedActivation;
  readonly recurrentActivation: NamedActivation | undefined;
  readonly kernel: SymbolicTensor;
  readonly recurrent: SymbolicTensor;
  readonly bias: SymbolicTensor | undefined;
  readonly factors: Factors;
}

/** Pieces of the last axis, one for each gate. */
const gatesOf = (x: SymbolicTensor, gates: number): SymbolicTensor[] =>
  gates === 1 ? [x] : (ops.split(x, gates) as SymbolicTensor[]);

/** `x·W` of each gate, x with the gate's factors if it has some. */
function products(x: SymbolicTensor, kernel: SymbolicTensor, factors: SymbolicTensor[]): SymbolicTensor {
  if (factors.length === 0) return ops.matmul(x, kernel);
  const kernels = gatesOf(kernel, factors.length);
  const each = factors.map((of, gate) => ops.matmul(ops.mul(x, of), kernels[gate] as SymbolicTensor));
  return ops.concat(each) as SymbolicTensor;
}

/** All outputs of `x` `[batch, time, features]`, and the last states; as the native op gives them. */
export function composed(
  of: Composition,
  x: SymbolicTensor,
  given: readonly SymbolicTensor[],
  { reverse, aligned }: Way,
): SymbolicTensor[] {
  const { cell, units, bias, factors } = of;
  const resetAfter = cell.attributes?.resetAfter ?? false;
  // With two biases, the second one is the state's.
  const [first, second] =
    bias && resetAfter ? ops.split(bias, 2, 0).map((row) => ops.squeeze(row, 0)) : [bias];
  const ofInputs = factors.inputs
    ? Array.from({ length: cell.gates }, (_, i) => ops.slice(factors.inputs as SymbolicTensor, i, 1, 1))
    : [];
  const product = products(x, of.kernel, ofInputs);
  const z = first ? ops.add(product, first) : product;
  const masks = factors.state ? gatesOf(factors.state, cell.gates) : [];
  const kernels = gatesOf(of.recurrent, cell.gates);
  const activation = (value: SymbolicTensor): SymbolicTensor => of.activation.apply(value);
  const gate = (value: SymbolicTensor): SymbolicTensor => of.recurrentActivation?.apply(value) ?? value;

  const step = (now: SymbolicTensor, states: readonly SymbolicTensor[]): SymbolicTensor[] => {
    const [h, c] = states as [SymbolicTensor, SymbolicTensor];
    const inputs = gatesOf(now, cell.gates) as [
      SymbolicTensor,
      SymbolicTensor,
      SymbolicTensor,
      SymbolicTensor,
    ];
    const all = (): SymbolicTensor[] => {
      const sums = products(h, of.recurrent, masks);
      return gatesOf(second ? ops.add(sums, second) : sums, cell.gates);
    };
    if (cell.op === 'gru') {
      // The reset comes before the product of the candidate, or behind it.
      const [s0, s1, s2] = resetAfter
        ? all()
        : kernels.slice(0, 2).map((kernel, i) => ops.matmul(masks[i] ? ops.mul(h, masks[i]) : h, kernel));
      const update = gate(ops.add(inputs[0], s0 as SymbolicTensor));
      const reset = gate(ops.add(inputs[1], s1 as SymbolicTensor));
      const kept = ops.mul(reset, s2 ?? h);
      const sum = s2
        ? kept
        : ops.matmul(masks[2] ? ops.mul(kept, masks[2]) : kept, kernels[2] as SymbolicTensor);
      const candidate = activation(ops.add(inputs[2], sum));
      const next = ops.add(ops.mul(update, h), ops.mul(ops.sub(1, update), candidate));
      return [next, next];
    }
    const [i, f, g, o] = all().map((sum, at) => ops.add(inputs[at] as SymbolicTensor, sum)) as typeof inputs;
    if (cell.op === 'simpleRnn') {
      const next = activation(i);
      return [next, next];
    }
    const state = ops.add(ops.mul(gate(f), c), ops.mul(gate(i), activation(g)));
    const next = ops.mul(gate(o), activation(state));
    return [next, next, state];
  };
  const sizes = Array.from({ length: cell.states }, () => units);
  const [outputs, ...last] = scanned(step, sizes, z.withMask(x.mask), given, reverse) as [SymbolicTensor];
  return [reverse && !aligned ? ops.flip(outputs, 1) : outputs, ...last];
}
