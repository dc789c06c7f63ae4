/**
 * Models of every form: what they predict is what ONNX Runtime computes.
 */
import {
  activations,
  input,
  Layer,
  layers,
  Model,
  ops,
  Sequential,
  type Shape,
  type SymbolicTensor,
  type Weight,
} from 'ridgeline';
import { expect, test } from 'vitest';
import { expectSameInRuntime, namesIn } from '../support/onnx.js';

const { dense } = layers;

/** A layer of one's own: a weight, an inner layer that nobody else sees, and ops. */
class Gated extends Layer {
  static override readonly className: string = 'Gated';
  readonly #dense: layers.Dense;
  #scale!: Weight;

  constructor(units: number) {
    super();
    this.#dense = dense(units, { activation: 'sigmoid' });
  }
  override build(shape: Shape): void {
    this.#scale = this.addWeight('scale', { shape: [shape.at(-1) ?? null], initializer: 'ones' });
  }
  override call(x: SymbolicTensor): SymbolicTensor {
    return ops.mul(this.#dense(ops.mul(x, this.#scale)), x) as SymbolicTensor;
  }
}

test('the net of the lesson', async () => {
  const block = (units: number, rate: number) => [
    dense(units),
    layers.batchNormalization(),
    layers.activation('relu'),
    layers.dropout(rate),
  ];
  const hidden = [...block(51, 0.3), ...block(26, 0.4), ...block(13, 0.3)];
  const model = new Sequential([input([64]), ...hidden, dense(10, { activation: 'softmax' })]);
  await expectSameInRuntime(model, { opsets: [17, 18, 21, 25] });
});

test.each([1, 2, 3])('a sum of %i tensors', async (count) => {
  const inputs = Array.from({ length: count }, () => input([6]));
  await expectSameInRuntime(new Model({ inputs, outputs: layers.add(inputs) }));
});

test.each(['average', 'maximum', 'minimum', 'multiply', 'subtract'] as const)('%s', async (name) => {
  const [a, b] = [input([4, 6]), input([6])];
  await expectSameInRuntime(new Model({ inputs: [a, b], outputs: layers[name]([a, b]) }));
});

test.each([{ axes: 2 }, { axes: [1, 1] as const, normalize: true }, { axes: -1 }])(
  'products along %o',
  async (options) => {
    const [a, b] = [input([4, 6]), input([4, 6])];
    await expectSameInRuntime(new Model({ inputs: [a, b], outputs: layers.dot([a, b], options) }));
  },
);

test('products of sequences of unknown lengths', async () => {
  const [a, b] = [input([null, 4]), input([null, 4])];
  const outputs = layers.dot([a, b], { axes: 2 });
  await expectSameInRuntime(new Model({ inputs: [a, b], outputs }), { sizes: [5] });
});

test('products of vectors', async () => {
  const [a, b] = [input([6]), input([6])];
  await expectSameInRuntime(new Model({ inputs: [a, b], outputs: layers.dot(1)([a, b]) as SymbolicTensor }));
});

test('a sum that broadcasts', async () => {
  const [a, b] = [input([4, 6]), input([1, 6])];
  await expectSameInRuntime(new Model({ inputs: [a, b], outputs: layers.add([a, b]) }));
});

test.each([{ axis: -1 }, { axis: 2 }, { axis: 1 }])('tensors joined along %o', async (options) => {
  const inputs = [input([4, 6]), input([4, 6]), input([4, 6])];
  await expectSameInRuntime(new Model({ inputs, outputs: layers.concatenate(inputs, options) }));
});

test('several inputs and outputs, of several types', async () => {
  const image = input([8], { name: 'image' });
  const flags = input([3], { name: 'flags', dtype: 'bool' });
  const codes = input([2], { name: 'codes', dtype: 'int32' });
  const joined = layers.concatenate([image, ops.cast(flags, 'float32'), ops.cast(codes, 'float32')]);
  const hidden = dense(5, { activation: 'relu' })(joined);
  const outputs = [
    dense(3, { name: 'kind', activation: 'softmax' })(hidden),
    dense(1, { name: 'size' })(hidden),
  ];
  const model = new Model({ inputs: [image, flags, codes], outputs });
  expect(model.outputNames).toEqual(['kind', 'size']);
  await expectSameInRuntime(model);
});

test('a tensor that is given twice, and inputs that are given back', async () => {
  const [a, b] = [input([4], { name: 'a' }), input([4], { name: 'b' })];
  const sum = layers.add([a, b]);
  await expectSameInRuntime(new Model({ inputs: [a, b], outputs: [sum, a, sum, b] }));
});

test('an input that no output needs', async () => {
  const [a, b] = [input([4], { name: 'a' }), input([4], { name: 'b' })];
  await expectSameInRuntime(new Model({ inputs: [a, b], outputs: dense(2)(a) }));
});

test('an output of the name of an input', async () => {
  const x = input([4], { name: 'dense' });
  const model = new Model({ inputs: x, outputs: dense(4, { name: 'dense' })(x) });
  await expectSameInRuntime(model);
});

test('a weight of the name of a tensor', async () => {
  const x = input([4], { name: 'dense/kernel' });
  await expectSameInRuntime(new Model({ inputs: x, outputs: dense(2, { name: 'dense' })(x) }));
});

test('an output that a later layer reads', async () => {
  const x = input([4]);
  const hidden = dense(3, { name: 'hidden', activation: 'tanh' })(x);
  await expectSameInRuntime(new Model({ inputs: x, outputs: [hidden, dense(2, { name: 'last' })(hidden)] }));
});

test('a layer that is called twice', async () => {
  const [a, b] = [input([4]), input([4])];
  const shared = dense(3, { name: 'shared' });
  const model = new Model({ inputs: [a, b], outputs: layers.add([shared(a), shared(b)]) });
  await expectSameInRuntime(model);
  expect(namesIn(await model.export()).initializers).toEqual(['shared/kernel', 'shared/bias']);
});

test('a model within a model, called twice', async () => {
  const inner = new Sequential([input([4]), dense(4, { activation: 'relu' }), layers.batchNormalization()], {
    name: 'inner',
  });
  const [a, b] = [input([4]), input([4])];
  const tower = (x: SymbolicTensor) => inner(x) as SymbolicTensor;
  const outputs = dense(2, { name: 'head' })(layers.concatenate([tower(a), tower(b)]));
  const model = new Model({ inputs: [a, b], outputs });
  await expectSameInRuntime(model);
  expect(namesIn(await model.export()).initializers).toContain('inner/dense/kernel');
});

test('layers of a user, nested', async () => {
  class Twice extends Layer {
    static override readonly className: string = 'Twice';
    readonly #inner = [new Gated(6), new Gated(6)];
    override call(x: SymbolicTensor): SymbolicTensor {
      return this.#inner.reduce((y, layer) => layer(y), x);
    }
  }
  const model = new Sequential([input([6]), new Twice({ name: 'twice' })]);
  await expectSameInRuntime(model);
  expect(namesIn(await model.export()).initializers).toEqual(
    expect.arrayContaining(['twice/gated/scale', 'twice/gated/dense/kernel', 'twice/gated_1/scale']),
  );
});

test('a layer of a user that gives several tensors', async () => {
  class Halves extends Layer {
    override call(x: SymbolicTensor): SymbolicTensor[] {
      return ops.split(x, 2);
    }
  }
  const x = input([6]);
  const [low, high] = new Halves({ name: 'halves' })(x) as [SymbolicTensor, SymbolicTensor];
  await expectSameInRuntime(new Model({ inputs: x, outputs: [layers.add([low, high]), low] }));
});

test('ops between layers', async () => {
  const x = input([6]);
  const y = ops.mul(dense(6, { activation: activations.silu })(x), 0.5);
  await expectSameInRuntime(new Model({ inputs: x, outputs: ops.add(y, x) }));
});

test('an unknown length', async () => {
  const x = input([null, 6]);
  const normal = layers.layerNormalization()(dense(8)(x));
  await expectSameInRuntime(new Model({ inputs: x, outputs: ops.mean(normal, { axis: 1 }) }), {
    opsets: [17, 18, 21],
  });
});

test('a model after training', async () => {
  const model = new Sequential([input([4]), dense(8), layers.batchNormalization(), dense(1)]).compile({
    optimizer: 'adam',
    loss: 'mse',
  });
  const x = Float32Array.from({ length: 400 }, (_, i) => Math.sin(i));
  const rows = Array.from({ length: 100 }, (_, i) => x.subarray(4 * i, 4 * i + 4));
  await model.fit(
    rows,
    rows.map((row) => row[0]! * row[1]!),
    { epochs: 3, verbose: 0 },
  );
  await expectSameInRuntime(model);
});
