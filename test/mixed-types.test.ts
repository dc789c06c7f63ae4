/**
 * Operands of several types become of one, as in Keras: float32 where one of them is, else int32. Layers take integers.
 */
import { input, layers, Model, ops, type Tensor, tensor } from 'ridgeline';
import { expect, test } from 'vitest';
import './support/allclose.js';
import { expectSameInRuntime } from './support/onnx.js';

const floats = tensor([[1.5, -2, 0.25], [3, 4.5, -7]]); // biome-ignore format: a matrix
const ints = tensor([[2, -3, 1], [3, 5, -6]], { dtype: 'int32' }); // biome-ignore format: a matrix
const bools = tensor([[true, false, true], [false, false, true]]); // biome-ignore format: a matrix
const pairs = {
  'int32, float32': [ints, floats],
  'bool, float32': [bools, floats],
  'bool, int32': [bools, ints],
};
const typeOf = (of: readonly Tensor[]) => (of.some(({ dtype }) => dtype === 'float32') ? 'float32' : 'int32');

const { add, sub, mul, maximum, minimum, less, lessEqual, greater, greaterEqual, equal, notEqual } = ops;
const alike = { add, sub, mul, maximum, minimum, less, lessEqual, greater, greaterEqual, equal, notEqual };
const others = {
  pow: (a: Tensor, b: Tensor) => ops.pow(ops.abs(ops.cast(a, 'float32')), ops.cast(b, 'int32')),
  where: (a: Tensor, b: Tensor) => ops.where(bools, a, b),
  concat: (a: Tensor, b: Tensor) => ops.concat([a, b]),
  stack: (a: Tensor, b: Tensor) => ops.stack([a, b], 1),
};
const binary: Record<string, (a: Tensor, b: Tensor) => Tensor> = { ...alike, ...others };

for (const [types, [a, b]] of Object.entries(pairs) as [string, [Tensor, Tensor]][]) {
  test.each(Object.entries(binary))(`%s of ${types}`, (_, of) => {
    const to = typeOf([a, b]);
    const expected = of(ops.cast(a, to), ops.cast(b, to));
    const found = of(a, b);
    expect([found.dtype, found.toArray()]).toEqual([expected.dtype, expected.toArray()]);
    expect(of(b, a).toArray()).toEqual(of(ops.cast(b, to), ops.cast(a, to)).toArray());
  });
}

test('matmul of integers and numbers', () => {
  const expected = ops.matmul(ops.cast(ints, 'float32'), floats, { transposeB: true });
  expect(ops.matmul(ints, floats, { transposeB: true }).toArray()).toEqual(expected.toArray());
});

const { sqrt, rsqrt, reciprocal, exp, expm1, log, log1p, erf, sin, cos, sigmoid, tanh, softplus, softmax } =
  ops;
const unary = {
  sqrt,
  rsqrt,
  reciprocal,
  exp,
  expm1,
  log,
  log1p,
  erf,
  sin,
  cos,
  sigmoid,
  tanh,
  softplus,
  softmax,
};
test.each(Object.entries(unary))('%s of integers is float32', (_, of) => {
  const some = tensor([1, 2, 5], { dtype: 'int32' });
  const found: Tensor = of(some);
  expect(found.dtype).toBe('float32');
  expect(found.toArray()).toEqual(of(ops.cast(some, 'float32')).toArray());
});
test('relu of integers stays whole', () => {
  const found = ops.relu(ints);
  expect([found.dtype, found.toArray()]).toEqual(['int32', [[2, 0, 1], [3, 5, 0]]]); // biome-ignore format: a matrix
});

test('gradients go through what becomes float32', () => {
  const slope = ops.valueAndGrad((x) => ops.sum(ops.mul(x, ints)));
  expect(slope(floats)[1][0].toArray()).toEqual(ops.cast(ints, 'float32').toArray());
});

const rows = {
  dense: () => layers.dense(2),
  batch: () => layers.batchNormalization(),
};
const more = {
  layer: () => layers.layerNormalization(),
  group: () => layers.groupNormalization({ groups: 1 }),
  prelu: () => layers.prelu(),
};
const made = { ...rows, ...more, softmax: () => layers.softmax(), gelu: () => layers.activation('gelu') };
test.each(Object.entries(made))('layer %s takes integers', (_, make) => {
  for (const training of [false, true]) {
    const [of, like] = [make(), make()];
    like(floats);
    of(floats);
    of.setWeights(like.getWeights());
    const numbers = ops.cast(ints, 'float32');
    expect(of(ints, { training }).toArray()).toEqual(like(numbers, { training }).toArray());
  }
});

test('dropout of integers is float32 in training', () => {
  const found = layers.dropout(0.5)(ints, { training: true });
  expect(found.dtype).toBe('float32');
  const whole = [...ints.data].map((value) => [0, 2 * value]);
  found.data.forEach((value, i) => expect(whole[i]).toContain(value + 0));
});

test('a model of integers trains, and is exported', async () => {
  const [codes, numbers] = [input({ shape: [4, 3], dtype: 'int32' }), input({ shape: [4, 2] })];
  const both = layers.concatenate()([codes, numbers]);
  const y = layers.dense(1)(layers.lstm(5)(both));
  const direct = layers.globalAveragePooling1d()(layers.layerNormalization()(codes));
  const model = new Model({ inputs: [codes, numbers], outputs: layers.add()([y, layers.dense(1)(direct)]) });
  model.compile({ optimizer: 'adam', loss: 'mse' });
  const x = [
    tensor(
      Int32Array.from({ length: 96 }, (_, i) => (i * 7) % 5),
      { shape: [8, 4, 3] },
    ),
    tensor(
      Float32Array.from({ length: 64 }, (_, i) => Math.sin(i)),
      { shape: [8, 4, 2] },
    ),
  ];
  const { history } = await model.fit(x, tensor(new Float32Array(8).fill(1)), { epochs: 30, verbose: 0 });
  expect(history.loss.at(-1)!).toBeLessThan(history.loss[0]! / 2);
  await expectSameInRuntime(model);
});
