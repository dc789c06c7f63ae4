/**
 * Every op, as a layer of one's own uses it: what it computes is what ONNX Runtime computes.
 */
import { type DType, input, Layer, Model, ops, type SymbolicTensor, tensor } from 'ridgeline';
import { describe, expect, test } from 'vitest';
import { expectSameInRuntime } from '../support/onnx.js';

/** A layer that applies a function of ops. */
class Apply extends Layer {
  readonly #of: (...inputs: SymbolicTensor[]) => unknown;

  constructor(of: (...inputs: SymbolicTensor[]) => unknown) {
    super({ name: 'apply' });
    this.#of = of;
  }
  override call(...inputs: SymbolicTensor[]): SymbolicTensor {
    return this.#of(...inputs) as SymbolicTensor;
  }
}

type Of = (...inputs: SymbolicTensor[]) => unknown;
type Shapes = readonly (readonly (number | null)[])[];

/** A model that applies `of` to inputs `a`, `b`, …. */
function model(of: Of, shapes: Shapes, types: readonly DType[] = []): Model {
  const inputs = shapes.map((shape, i) => input(shape, { name: 'abc'[i]!, dtype: types[i] ?? 'float32' }));
  return new Model({ inputs, outputs: new Apply(of)(...inputs) });
}

/** Ops of one float, with what brings inputs into their domain. */
const UNARY: Record<string, (x: number) => number> = {
  neg: Number,
  abs: Number,
  sign: Number,
  sqrt: Math.abs,
  rsqrt: (x) => Math.abs(x) + 0.1,
  square: Number,
  reciprocal: (x) => x + 4,
  exp: Number,
  expm1: Number,
  log: (x) => Math.abs(x) + 0.1,
  log1p: Math.abs,
  erf: Number,
  floor: Number,
  sin: Number,
  cos: Number,
  relu: Number,
  sigmoid: Number,
  tanh: Number,
  softplus: Number,
  softmax: Number,
  logSoftmax: Number,
};
const BINARY = ['add', 'sub', 'mul', 'maximum', 'minimum'] as const;
const COMPARISONS = ['less', 'lessEqual', 'greater', 'greaterEqual', 'equal', 'notEqual'] as const;
const LOGIC = ['logicalAnd', 'logicalOr'] as const;
const REDUCTIONS = ['sum', 'mean', 'max', 'min'] as const;

/** A constant square matrix. */
const TABLE_SQUARE = tensor([
  [0.5, -1],
  [0.25, 0.75],
]);
/** A constant matrix. */
const THREE = tensor([
  [1, 2],
  [3, 4],
  [5, 6],
]);
const PLACES = tensor([[2], [0], [2]], { dtype: 'int32' });
const TABLE = tensor([
  [1, 2],
  [3, 4],
  [5, 6],
  [7, 8],
]);

/** By name: functions of ops, the shapes of their inputs, and their types where they are not floats. */
const OTHERS: Record<string, readonly (readonly [of: Of, shapes: Shapes, ...types: DType[]])[]> = {
  div: [[(a, b) => ops.div(a, ops.add(b, 4)), [[6], [6]]]],
  pow: [
    [(a) => ops.pow(a, 3), [[6]]],
    [(a, b) => ops.pow(ops.abs(a), b), [[6], [6]]],
  ],
  clip: [[(a) => ops.clip(a, -1, 2), [[6]]]],
  ceil: [[(a) => ops.ceil(ops.mul(a, 3)), [[6]]]],
  round: [[(a) => ops.round(ops.div(ops.floor(ops.mul(a, 4)), 2)), [[6]]]],
  mod: [[(a, b) => ops.mod(a, ops.add(ops.abs(b), 1)), [[6], [6]]]],
  any: [[(a) => ops.cast(ops.any(ops.greater(a, 0.5), { axis: -1 }), 'float32'), [[4, 6]]]],
  all: [[(a) => ops.cast(ops.all(ops.greater(a, -0.5), { axis: -1 }), 'float32'), [[4, 6]]]],
  tile: [[(a) => ops.tile(a, [1, 2, 3]), [[4, 6]]]],
  repeat: [[(a) => ops.repeat(a, 3, 1), [[4, 6]]]],
  pad: [
    [
      (a) =>
        ops.pad(
          a,
          [
            [0, 0],
            [1, 2],
          ],
          0.5,
        ),
      [[6]],
    ],
    [
      (a) =>
        ops.pad(a, [
          [0, 0],
          [2, 1],
          [0, 0],
        ]),
      [[null, 3]],
    ],
  ],
  isNaN: [[(a) => ops.cast(ops.isNaN(ops.log(ops.sub(a, 0.2))), 'float32'), [[6]]]],
  isFinite: [[(a) => ops.cast(ops.isFinite(ops.log(ops.sub(a, 0.2))), 'float32'), [[6]]]],
  logicalXor: [[(a, b) => ops.cast(ops.logicalXor(a, b), 'float32'), [[6], [6]], 'bool', 'bool']],
  tril: [
    [(a) => ops.tril(a), [[4, 6]]],
    [(a) => ops.tril(a, -1), [[null, 6]]],
  ],
  triu: [[(a) => ops.triu(a, 1), [[4, 6]]]],
  swapAxes: [[(a) => ops.swapAxes(a, 1, -1), [[4, 6]]]],
  roll: [
    [(a) => ops.roll(a, -2, 1), [[5, 6]]],
    [(a) => ops.roll(a, 1, 1), [[null, 6]]],
  ],
  prod: [
    [(a) => ops.prod(a, { axis: -1 }), [[5]]],
    [(a) => ops.prod(a, { axis: [1, 2], keepdims: true }), [[3, 4]]],
  ],
  argMin: [[(a) => ops.argMin(a), [[6]]]],
  cond: [
    [
      (a) =>
        ops.cond(
          ops.greater(ops.max(a), 0),
          () => ops.mul(a, 2),
          () => ops.neg(a),
        ),
      [[6]],
    ],
  ],
  full: [[(a) => ops.add(a, ops.full([6], 0.5)), [[6]]]],
  zeros: [[(a) => ops.maximum(a, ops.zeros([6])), [[6]]]],
  ones: [[(a) => ops.mul(a, ops.ones([6])), [[6]]]],
  eye: [[(a) => ops.matmul(a, ops.eye(6, 6, 1)), [[4, 6]]]],
  arange: [[(a) => ops.add(a, ops.arange(0, 3, 0.5)), [[6]]]],
  logicalNot: [[(a) => ops.cast(ops.logicalNot(a), 'float32'), [[6]], 'bool']],
  where: [
    [(a, b) => ops.where(ops.greater(a, b), a, 0), [[6], [6]]],
    [
      (a, b) => ops.where(ops.greater(a, 0), a, b),
      [
        [4, 6],
        [1, 6],
      ],
    ],
    [(a, b, c) => ops.where(a, b, c), [[6], [6], [6]], 'bool'],
  ],
  cast: [
    [(a) => ops.cast(ops.cast(a, 'int32'), 'float32'), [[6]]],
    [(a) => ops.cast(ops.cast(a, 'bool'), 'float32'), [[6]]],
    [(a) => ops.cast(a, 'float32'), [[6]], 'int32'],
    [(a) => ops.cast(a, 'float32'), [[6]], 'bool'],
    [(a) => ops.cast(a, 'int32'), [[6]], 'bool'],
  ],
  argMax: [
    [(a) => ops.argMax(a), [[6]]],
    [(a) => ops.argMax(a, 1), [[4, 6]]],
  ],
  reshape: [
    [(a) => ops.reshape(a, [null, 3, 4]), [[12]]],
    [(a) => ops.reshape(a, [null, null, 2, 3]), [[null, 6]]],
    [(a) => ops.reshape(a, [-1, 6]), [[4, 6]]],
  ],
  transpose: [
    [(a) => ops.transpose(a, [0, 2, 1]), [[4, 6]]],
    [(a) => ops.transpose(a, [0, 3, 1, 2]), [[2, 3, 4]]],
    [(a) => ops.transpose(ops.relu(ops.transpose(a))), [[4, 6]]],
  ],
  broadcastTo: [
    [(a) => ops.broadcastTo(a, [null, 4]), [[1]]],
    [(a) => ops.broadcastTo(a, [null, 3, 4]), [[1, 4]]],
  ],
  concat: [
    [(a, b) => ops.concat([a, b]), [[6], [3]]],
    [
      (a, b) => ops.concat([a, b], 1),
      [
        [4, 6],
        [3, 6],
      ],
    ],
    [(a) => ops.concat([a, a, ops.neg(a)]), [[2, 3]]],
  ],
  expandDims: [
    [(a) => ops.expandDims(a, 1), [[4]]],
    [(a) => ops.expandDims(a, -1), [[4, 6]]],
  ],
  einsum: [
    [(a) => ops.einsum('bij,kj->bik', a, TABLE), [[3, 2]]],
    [
      (a, b) => ops.einsum('bqhd,bkhd->bhqk', a, b),
      [
        [3, 2, 5],
        [4, 2, 5],
      ],
    ],
    [(a) => ops.einsum('bsij,ij->bs', a, TABLE), [[null, 4, 2]]],
    [(a) => ops.einsum('bi,bj->bij', a, a), [[3]]],
  ],
  squeeze: [[(a) => ops.squeeze(a, 1), [[1, 6]]]],
  stack: [
    [(a, b) => ops.stack([a, b], 1), [[4], [4]]],
    [(a) => ops.stack([a, ops.neg(a)], -1), [[4, 6]]],
  ],
  zerosLike: [
    [(a) => ops.zerosLike(a), [[4]]],
    [(a) => ops.zerosLike(a, [null, 3]), [[4]]],
    [(a) => ops.zerosLike(a, [null, null, 1]), [[null, 4]]],
  ],
  onesLike: [[(a) => ops.onesLike(a), [[4, 6]]]],
  oneHot: [[(a) => ops.oneHot(a, 4), [[3]], 'int32']],
  positions: [
    [(a) => ops.add(ops.cast(ops.positions(a, 1), 'float32'), a), [[6]]],
    [(a) => ops.add(ops.cast(ops.positions(a, 1), 'float32'), a), [[null]]],
    [(a) => ops.mul(ops.positions(a, 0), 1), [[4]]],
  ],
  scan: [
    [
      (a) => ops.scan((c, x) => [ops.add(c, x)], ops.min(a, { axis: 1 }), ops.transpose(a, [1, 0, 2]))[0],
      [[5, 2]],
    ],
    [
      (a) => {
        const next = (c: SymbolicTensor, x: SymbolicTensor) =>
          ops.tanh(ops.add(ops.matmul(c, TABLE_SQUARE), x));
        const [, all] = ops.scan(
          (c, x) => [next(c, x), ops.square(c)],
          ops.zerosLike(ops.max(a, { axis: 1 })),
          ops.transpose(a, [1, 0, 2]),
          { reverse: true },
        );
        return ops.transpose(all, [1, 0, 2]);
      },
      [
        [5, 2],
        [null, 2],
      ],
    ],
    [(a) => ops.scan((c) => [ops.mul(c, 0.5)], a, undefined, { length: 3 })[0], [[4]]],
    [
      (a) =>
        ops.valueAndGrad((x) =>
          ops.sum(
            ops.scan((c) => [ops.tanh(ops.mul(c, 2))], x as SymbolicTensor, undefined, { length: 3 })[0],
          ),
        )(a)[1][0] as never,
      [[4]],
    ],
    [
      (a) =>
        ops.valueAndGrad((x) => {
          const steps = ops.transpose(x as SymbolicTensor, [1, 0, 2]);
          const next = (c: SymbolicTensor, s: SymbolicTensor) =>
            ops.tanh(ops.add(ops.matmul(c, TABLE_SQUARE), s));
          const [, all] = ops.scan(
            (c, s) => [next(c, s), ops.square(c)],
            ops.zerosLike(ops.gather(steps, 0)),
            steps,
          );
          return ops.sum(all);
        })(a)[1][0] as never,
      [[5, 2]],
    ],
  ],
  valueAndGrad: [
    [
      (a) =>
        ops.valueAndGrad((x) => ops.sum(ops.mul(ops.tanh(x as SymbolicTensor), x as SymbolicTensor)))(
          a,
        )[1][0] as never,
      [[4]],
    ],
  ],
  whileLoop: [
    [
      (a) =>
        ops.whileLoop(
          (x) => ops.greater(ops.max(x), 0.1),
          (x) => ops.mul(x, 0.5),
          a,
        ),
      [[4]],
    ],
    [
      (a) =>
        ops.whileLoop(
          (x) => ops.less(ops.sum(x), 0),
          (x) => ops.add(x, ops.abs(a)),
          a,
        ),
      [[4]],
    ],
  ],
  stopGradient: [[(a) => ops.stopGradient(ops.square(a)), [[4]]]],
  sort: [
    [(a) => ops.sort(a), [[6]]],
    [(a) => ops.sort(a, { axis: 1, descending: true }), [[4, 6]]],
  ],
  argSort: [
    [(a) => ops.argSort(a), [[6]]],
    [(a) => ops.argSort(a, { axis: 1, descending: true }), [[4, 6]]],
  ],
  topK: [
    [(a) => ops.topK(a, 2)[0], [[6]]],
    [(a) => ops.topK(a, 3)[1], [[4, 6]]],
  ],
  takeAlongAxis: [
    [(a, b) => ops.takeAlongAxis(a, b), [[6], [3]], 'float32', 'int32'],
    [(a) => ops.takeAlongAxis(a, ops.argSort(a, { axis: 1 }), 1), [[4, 6]]],
  ],
  cumsum: [
    [(a) => ops.cumsum(a), [[6]]],
    [(a) => ops.cumsum(a, 1), [[4, 6]]],
  ],
  variance: [[(a) => ops.variance(a, { axis: 1 }), [[4, 6]]]],
  std: [[(a) => ops.std(a, { axis: -1, keepdims: true }), [[4, 6]]]],
  logSumExp: [[(a) => ops.logSumExp(a, { axis: [1, 2] }), [[4, 6]]]],
  normalize: [[(a) => ops.normalize(a, { axis: [1, 2] }), [[4, 6]]]],
  norm: [
    [(a) => ops.norm(a, { axis: -1 }), [[4, 6]]],
    [(a) => ops.norm(a, { axis: 1, ord: Number.POSITIVE_INFINITY }), [[4, 6]]],
    [(a) => ops.norm(a, { axis: 1, ord: 3 }), [[4, 6]]],
  ],
  slice: [
    [(a) => ops.slice(a, 1, 2, 1), [[4]]],
    [(a) => ops.slice(a, 2, 3, 2), [[4, 6]]],
    [(a) => ops.slice(a, -2, 2, 2), [[4, 6]]],
    [(a) => ops.slice(a, { start: -1, axis: 1 }), [[null, 3]]],
    [(a) => ops.slice(a, { start: 1, end: -1, axis: 1 }), [[null, 3]]],
    [(a) => ops.slice(ops.slice(a, { start: 1, axis: 1 }), 0, 1, 1), [[null, 3]]],
    [(a) => ops.sub(ops.slice(a, { start: 1, axis: 1 }), ops.slice(a, { end: -1, axis: 1 })), [[null, 3]]],
    [
      (a) =>
        ops.valueAndGrad((x) => ops.sum(ops.square(ops.slice(x as SymbolicTensor, { start: 1, axis: 1 }))))(
          a,
        )[1][0] as never,
      [[null, 3]],
    ],
  ],
  split: [[(a) => ops.concat(ops.split(a, 3).reverse()), [[6]]]],
  flip: [
    [(a) => ops.flip(a), [[6]]],
    [(a) => ops.flip(a, 1), [[5, 6]]],
    [(a) => ops.flip(a, 1), [[null, 3]]],
  ],
  gather: [
    [(a) => ops.gather(a, tensor(Int32Array.of(2, 0, -1)), 1), [[4, 6]]],
    [(a) => ops.gather(TABLE, a), [[3]], 'int32'],
    [(a) => ops.gather(a, -1, 1), [[null, 3]]],
  ],
  scatter: [
    [(a) => ops.add(ops.slice(ops.scatter(PLACES, THREE, [4, 2]), 2, 1), a), [[2]]],
    [(a) => ops.add(ops.max(ops.scatter(PLACES, tensor([1, 2, 3]), [3])), a), [[2]]],
  ],
  segmentSum: [[(a) => ops.add(ops.max(ops.segmentSum(THREE, tensor(Int32Array.of(1, 0, 1)), 2)), a), [[2]]]],
  matmul: [
    [
      (a, b) => ops.matmul(a, b),
      [
        [3, 4],
        [4, 5],
      ],
    ],
    [
      (a, b) => ops.matmul(a, b, { transposeA: true }),
      [
        [4, 3],
        [4, 5],
      ],
    ],
    [
      (a, b) => ops.matmul(a, b, { transposeB: true }),
      [
        [3, 4],
        [5, 4],
      ],
    ],
    [
      (a, b) => ops.matmul(a, b, { transposeA: true, transposeB: true }),
      [
        [2, 4, 3],
        [2, 5, 4],
      ],
    ],
    [(a) => ops.matmul(a, TABLE), [[3, 4]]],
  ],
  linear: [
    [(a) => ops.linear(a, TABLE), [[4]]],
    [(a) => ops.linear(a, TABLE, tensor([7, 8])), [[4]]],
    [(a) => ops.linear(a, TABLE, tensor([7, 8])), [[3, 4]]],
  ],
};

test('every op has a case', () => {
  const covered = [
    ...Object.keys(UNARY),
    ...BINARY,
    ...COMPARISONS,
    ...LOGIC,
    ...REDUCTIONS,
    ...Object.keys(OTHERS),
    // They have no form.
    ...Object.keys(ops).filter((name) => name.startsWith('random')),
  ];
  expect(covered.sort()).toEqual(Object.keys(ops).sort());
});

test.each(Object.entries(UNARY))('%s', async (name, domain) => {
  const of = ops[name as 'neg'];
  await expectSameInRuntime(
    model((a) => of(a), [[6]]),
    { domain },
  );
});

test.each(BINARY)('%s', async (name) => {
  await expectSameInRuntime(model((a, b) => ops[name](a, b), [[6], [6]]));
  await expectSameInRuntime(
    model(
      (a, b) => ops[name](a, b),
      [
        [4, 1],
        [4, 6],
      ],
    ),
  );
  await expectSameInRuntime(model((a) => ops[name](1.5, a), [[6]]));
});

test.each(COMPARISONS)('%s', async (name) => {
  await expectSameInRuntime(model((a, b) => ops.cast(ops[name](a, b), 'float32'), [[6], [6]]));
  const whole = model((a, b) => ops.cast(ops[name](a, b), 'float32'), [[6], [6]], ['int32', 'int32']);
  await expectSameInRuntime(whole);
});

test.each(LOGIC)('%s', async (name) => {
  await expectSameInRuntime(
    model((a, b) => ops.cast(ops[name](a, b), 'float32'), [[6], [6]], ['bool', 'bool']),
  );
});

test.each(['equal', 'notEqual'] as const)('%s of booleans', async (name) => {
  await expectSameInRuntime(
    model((a, b) => ops.cast(ops[name](a, b), 'float32'), [[6], [6]], ['bool', 'bool']),
  );
});

describe.each(REDUCTIONS)('%s', (name) => {
  const options = [
    { axis: -1 },
    { axis: 1 },
    { axis: [1, 2] },
    { axis: [1, -1], keepdims: true },
    { axis: 2, keepdims: true },
  ];
  test.each(options)('%o', async (options) => {
    const of = (a: SymbolicTensor) => ops[name](a, options);
    await expectSameInRuntime(model(of, [[4, 6]]), { opsets: [17, 18, 21, 25] });
    await expectSameInRuntime(model(of, [[null, 6]]), { opsets: [17, 18, 21] });
  });
  test('of everything, batch included', async () => {
    const of = (a: SymbolicTensor) => ops.add(a, ops[name](a));
    await expectSameInRuntime(model(of, [[6]]), { opsets: [17, 18, 21] });
  });
});

describe.each(Object.entries(OTHERS))('%s', (_, cases) => {
  test.each(cases.map(([of, shapes, ...types]) => ({ source: String(of), of, shapes, types })))(
    '$source',
    async ({ of, shapes, types }) => {
      await expectSameInRuntime(model(of, shapes, types));
    },
  );
});

test.each(['int32', 'bool'] as const)('outputs of type %s', async (dtype) => {
  await expectSameInRuntime(model((a) => ops.cast(a, dtype), [[6]]));
});

test('sums of integers', async () => {
  await expectSameInRuntime(model((a, b) => ops.add(a, b), [[6], [6]], ['int32', 'int32']));
});

describe('of booleans', () => {
  const types: DType[] = ['bool', 'bool', 'bool'];
  test.each(COMPARISONS)('%s', async (name) => {
    await expectSameInRuntime(model((a, b) => ops[name](a!, b!), [[3], [3]], types));
  });
  test('where', async () => {
    await expectSameInRuntime(model((a, b, c) => ops.where(a!, b!, c!), [[3], [3], [3]], types));
  });
});
