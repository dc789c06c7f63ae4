/**
 * Ops along axes and in order against Keras: values and gradients.
 */
import { describe, expect, it } from 'vitest';
import type { SymbolicTensor } from '../../src/core/symbolic.js';
import { tensor } from '../../src/core/tensor.js';
import { Trace } from '../../src/core/trace.js';
import { input } from '../../src/layers/index.js';
import * as ops from '../../src/ops/index.js';
import '../support/allclose.js';
import { type Golden, golden, make, tensorOf } from '../support/golden.js';
import { gradientsOf } from '../support/gradients.js';

interface OpCase {
  readonly name: string;
  readonly op: string;
  readonly config: Record<string, unknown>;
  readonly inputs: readonly Golden[];
  readonly outputs: readonly (Golden | number)[];
  readonly cotangent: Golden | number | null;
  readonly gradients: readonly Golden[];
}

/** A scalar stands as a number. */
const full = (of: Golden | number): Golden =>
  typeof of === 'number' ? { shape: [], dtype: 'float32', data: [of] } : of;

const { cases } = golden<{ cases: OpCase[] }>('ops');
/** Ops that take their arguments by position. */
const POSITIONAL = [
  'cumsum',
  'topK',
  'takeAlongAxis',
  'stack',
  'expandDims',
  'squeeze',
  'oneHot',
  'scatter',
  'segmentSum',
  'tile',
  'repeat',
  'pad',
  'argMin',
  'tril',
  'triu',
  'swapAxes',
  'roll',
];

/** What the cases take of inputs, which alone would be trivial. */
const OF_INPUTS: Record<string, (...inputs: SymbolicTensor[]) => SymbolicTensor[]> = {
  ceil: (x) => [ops.mul(x, 3)],
  round: (x) => [ops.div(ops.floor(ops.mul(x, 4)), 2)],
  mod: (x, y) => [ops.mul(x, 3), y],
  any: (x) => [ops.greater(x, 0.5)],
  all: (x) => [ops.greater(x, -0.5)],
};

function apply({ op, config }: OpCase, given: readonly SymbolicTensor[]): SymbolicTensor[] {
  const inputs = OF_INPUTS[op]?.(...given) ?? given;
  if (op === 'einsum') return [ops.einsum(config.equation as string, ...inputs)];
  const options = config.ord === 'infinity' ? { ...config, ord: Number.POSITIVE_INFINITY } : config;
  const behind = POSITIONAL.includes(op)
    ? Object.values(options)
    : [options].filter((of) => Object.keys(of).length > 0);
  const outputs = [
    make<SymbolicTensor | SymbolicTensor[]>(ops, op, ...(op === 'stack' ? [inputs] : inputs), ...behind),
  ].flat();
  return outputs.map((y) => (y.dtype === 'bool' ? ops.cast(y, 'int32') : y));
}

function check(of: OpCase): void {
  const trace = new Trace(false);
  const { values, gradients } = trace.run(() => {
    const inputs = of.inputs.map((input) => trace.constant(tensorOf(input)));
    const outputs = apply(of, inputs);
    const values = trace.evaluate(outputs);
    if (of.cotangent === null) return { values, gradients: [] };
    const loss = ops.sum(ops.mul(outputs[0]!, trace.constant(tensorOf(full(of.cotangent)))));
    const targets = inputs.filter(({ dtype }) => dtype === 'float32');
    return { values, gradients: gradientsOf(trace, loss, targets) };
  });
  expect(values).toHaveLength(of.outputs.length);
  for (const [i, value] of values.entries()) {
    const expected = full(of.outputs[i]!);
    expect(value.shape).toEqual(expected.shape);
    expect(value).toBeAllclose(expected);
  }
  for (const [i, gradient] of gradients.entries()) expect(gradient).toBeAllclose(of.gradients[i]!);
}

describe('ops', () => {
  it.each(cases)('$name', check);
});

describe('ops at their edges', () => {
  it('mod keeps the sign of the divisor where quotients are rounded, and takes integers', () => {
    const b = Float32Array.from({ length: 20_000 }, (_, i) => 1 + 50 * ((i * 0.618) % 1));
    const a = b.map((of, i) => of * (i % 997) + ((i % 3) - 1) * 1e-3);
    const left = ops.mod(tensor(a), tensor(b)).data as Float32Array;
    expect(left.findIndex((of, i) => !(of >= 0 && of <= (b[i] as number)))).toBe(-1);
    expect(ops.mod(tensor(Int32Array.of(-7, 7)), 3).toArray()).toEqual([2, 1]);
    expect(ops.mod(tensor([7, -7]), -3).toArray()).toEqual([-2, -1]);
  });
  it('integers are whole already', () => {
    const whole = tensor(Int32Array.of(-3, 7));
    expect(ops.round(whole).toArray()).toEqual([-3, 7]);
    expect(ops.ceil(whole).toArray()).toEqual([-3, 7]);
    const rounded = ops.round(tensor([0.5, 1.5, -2.5, 2 ** 23 + 1])).data;
    expect(Array.from(rounded, (value) => Number(value) + 0)).toEqual([0, 2, -2, 2 ** 23 + 1]);
  });
  it('pads every type', () => {
    expect(ops.pad(tensor([true, false]), [[1, 0]]).toArray()).toEqual([false, true, false]);
    expect(ops.pad(tensor(Int32Array.of(5)), [[0, 2]], -1).toArray()).toEqual([5, -1, -1]);
    expect(() => ops.pad(tensor([1]), [[1, -1]])).toThrow(/^widths\[0\] must be/);
    expect(() => ops.tile(tensor([1]), 'no' as never)).toThrow(/^repeats must be a list of numbers/);
    expect(() => ops.repeat(tensor([1]), 0)).toThrow(/^repeats must be/);
  });
  it('tensors of one value say what they cannot hold', () => {
    expect(ops.zeros([2, 1]).toArray()).toEqual([[0], [0]]);
    expect(ops.ones([2], 'int32')).toMatchObject({ dtype: 'int32', shape: [2] });
    expect(ops.full([], Number.NEGATIVE_INFINITY).toArray()).toBe(Number.NEGATIVE_INFINITY);
    expect(ops.ones([1], 'bool').toArray()).toEqual([true]);
    expect(() => ops.full([2], 0.5, 'int32')).toThrow(/^value must be an int32 number, received 0.5/);
    expect(() => ops.full([2], 2, 'bool')).toThrow(/^value must be 0 or 1/);
    expect(() => ops.zeros([null as never, 2])).toThrow(/^shape must be a list of sizes that are known/);
    expect(() => ops.zeros([2 ** 40, 2 ** 10])).toThrow(/allocate/);
  });
  it('eye has ones on a diagonal', () => {
    expect(ops.eye(2).toArray()).toEqual([
      [1, 0],
      [0, 1],
    ]);
    expect(ops.eye(2, 3, 1).toArray()).toEqual([
      [0, 1, 0],
      [0, 0, 1],
    ]);
    expect(ops.eye(3, 2, -1).toArray()).toEqual([
      [0, 0],
      [1, 0],
      [0, 1],
    ]);
    expect(ops.eye(2, 2, 9).toArray()).toEqual([
      [0, 0],
      [0, 0],
    ]);
    expect(() => ops.eye(2.5)).toThrow(/^rows must be/);
  });
  it('triangles keep the type, and need two axes', () => {
    const whole = tensor(
      [
        [1, 2],
        [3, 4],
      ],
      { dtype: 'int32' },
    );
    expect(ops.tril(whole)).toMatchObject({ dtype: 'int32', data: Int32Array.of(1, 0, 3, 4) });
    expect(ops.triu(ops.ones([2, 2], 'bool'), 1).toArray()).toEqual([
      [false, true],
      [false, false],
    ]);
    expect(() => ops.tril(tensor([1]))).toThrow(/two axes/);
  });
  it('what is no number is told from what is', () => {
    const odd = tensor([1, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]);
    expect(ops.isNaN(odd).toArray()).toEqual([false, true, false, false]);
    expect(ops.isFinite(odd).toArray()).toEqual([true, false, false, false]);
    expect(ops.isFinite(tensor(Int32Array.of(-(2 ** 31)))).toArray()).toEqual([true]);
    const [yes, no] = [tensor([true, true, false]), tensor([true, false, false])];
    expect(ops.logicalXor(yes, no).toArray()).toEqual([false, true, false]);
  });
  it('argMin and prod of integers, and of nothing', () => {
    expect(ops.argMin(tensor(Int32Array.of(0, -(2 ** 31), 2 ** 31 - 1))).toArray()).toBe(1);
    expect(ops.prod(tensor(Int32Array.of(2 ** 30, 4, 3)))).toMatchObject({ dtype: 'int32', shape: [] });
    expect(ops.prod(tensor(Int32Array.of(-2, 5, 3))).toArray()).toBe(-30);
    expect(ops.prod(ops.zeros([0])).toArray()).toBe(1);
    expect(ops.prod(ops.zeros([2, 0]), { axis: 1 }).toArray()).toEqual([1, 1]);
    expect(ops.roll(ops.zeros([0]), 3).shape).toEqual([0]);
    expect(() => ops.prod(input([null]), { axis: 1 })).toThrow(/known size along axis 1/);
  });
  it('cond gives what the function of its condition does, and its gradient', () => {
    const of = (x: number) => (given: SymbolicTensor) =>
      ops.cond(
        ops.greater(given, x),
        () => ops.mul(given, 3),
        () => ops.square(given),
      );
    const slope = (x: number) => ops.valueAndGrad(of(x))(tensor(5))[1][0]!.toArray();
    expect([slope(4), slope(6)]).toEqual([3, 10]);
    const both = ops.cond(
      1,
      () => [1, tensor([2])] as const,
      () => [3, tensor([4])] as const,
    );
    expect(both.map((y) => y.toArray())).toEqual([1, [2]]);
    expect(() =>
      ops.cond(
        tensor([1, 0]),
        () => 1,
        () => 2,
      ),
    ).toThrow(/condition/);
    expect(() =>
      ops.cond(
        1,
        () => [1, 2],
        () => [1] as never,
      ),
    ).toThrow(/2 tensors, as trueFn does/);
    expect(() => ops.cond(1, 2 as never, () => 1)).toThrow(/^trueFn must be a function/);
  });
  it('arange gives int32 for whole numbers, up to its ends', () => {
    expect(ops.arange(3)).toMatchObject({ dtype: 'int32', shape: [3] });
    expect(ops.arange(5, 0, -2).toArray()).toEqual([5, 3, 1]);
    expect(ops.arange(0, 1, 0.25).toArray()).toEqual([0, 0.25, 0.5, 0.75]);
    expect(ops.arange(2, 2).shape).toEqual([0]);
    expect(() => ops.arange(2 ** 31, 2 ** 31 + 3)).toThrow(/int32/);
    expect(() => ops.arange(0, 3, 0)).toThrow(/^step must be/);
  });
});
