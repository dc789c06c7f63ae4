/**
 * Sizes beyond all bounds are errors at once; long graphs take time in proportion.
 */

import {
  input,
  Layer,
  layers,
  Model,
  ops,
  optimizers,
  regularizers,
  Sequential,
  type SymbolicTensor,
  tensor,
} from 'ridgeline';
import { describe, expect, test } from 'vitest';
import { expectFailure } from '../support/small.js';

/** Lists that hold one list many times over. */
function shared(length: number, depth: number): unknown {
  let list: unknown = 1;
  for (let i = 0; i < depth; i++) list = new Array(length).fill(list);
  return list;
}
/** A length without elements. */
const hollow: never[] = [];
hollow.length = 1e9;
const empty = (shape: number[]) => tensor([]).reshape(shape);

test.each<[string, () => unknown, string, RegExp]>([
  ['a product', () => ops.matmul(empty([2 ** 32, 0]), empty([0, 2 ** 32])), 'ERR_SHAPE', /too large/],
  [
    'an einsum',
    () => ops.einsum('ij,jk->ik', empty([2 ** 32, 0]), empty([0, 2 ** 32])),
    'ERR_SHAPE',
    /too large/,
  ],
  ['a broadcast', () => ops.broadcastTo(tensor([1]), [2 ** 31, 2 ** 31, 2 ** 31]), 'ERR_SHAPE', /too large/],
  ['repeats', () => layers.repeatVector(2 ** 52)(empty([1, 0])), 'ERR_SHAPE', /too large/],
  ['lists of nothing', () => empty([2 ** 31, 0, 5]).toArray(), 'ERR_MEMORY', /2147483649 lists/],
  ['many lists of nothing', () => empty([40_000_000, 0, 1]).toArray(), 'ERR_MEMORY', /40000001 lists/],
  ['lists in themselves many times', () => tensor(shared(100, 6) as never), 'ERR_MEMORY', /too large/],
  ['a hollow shape', () => input(hollow), 'ERR_SHAPE', /at most 8 axes/],
  [
    'a hollow vocabulary',
    () => layers.integerLookup({ vocabulary: hollow }),
    'ERR_ARGUMENT',
    /vocabulary must be/,
  ],
  [
    'a rate',
    () => optimizers.schedules.piecewiseConstantDecay({ boundaries: [1], values: [1e39, 1] }),
    'ERR_ARGUMENT',
    /values/,
  ],
  ['a boundary of bins', () => layers.discretization([1e39]), 'ERR_ARGUMENT', /binBoundaries/],
])('%s', (_, run, code, says) => expectFailure(run, code, says));

describe('outputs with the batch beside their first axis', () => {
  class Gram extends Layer {
    static override readonly className = 'Gram';
    override call(of: SymbolicTensor) {
      return ops.matmul(of, ops.transpose(of));
    }
  }
  class Pairs extends Layer {
    static override readonly className = 'Pairs';
    override call(of: SymbolicTensor) {
      return ops.add(ops.expandDims(of, 1), ops.expandDims(of, 0));
    }
  }
  test.each([Gram, Pairs])('%s', async (Of) => {
    const model = new Sequential([layers.input([4]), new Of()]);
    const run = () => model.predict(tensor(new Float32Array(132), { shape: [33, 4] }));
    await expectFailure(run, 'ERR_SHAPE', /output 0 of shape .* has sizes that depend on the batch/);
  });
});

describe('time grows with the length alone', () => {
  const LENGTH = 8000;
  const chain = (op: (h: SymbolicTensor) => SymbolicTensor): Model => {
    const begin = input([4]);
    let h = begin;
    for (let i = 0; i < LENGTH; i++) h = op(h);
    return new Model({ inputs: begin, outputs: layers.dense(1)(h) });
  };
  test('of a chain that is exported', async () => {
    expect((await chain((h) => ops.add(h, 1)).export()).length).toBeGreaterThan(LENGTH);
  });
  test('of a chain that is trained', async () => {
    const model = chain(ops.tanh).compile({ loss: 'mse' });
    await model.fit([[1, 2, 3, 4]], [1], { verbose: 0 });
  });
  test('of a list of layers that is added to', () => {
    const model = new Sequential([layers.input([4])]);
    for (let i = 0; i < 500; i++) model.add(layers.dense(4));
    expect(model.outputs[0]!.shape).toEqual([null, 4]);
    expect(() => model.add(layers.reshape([3]))).toThrow('cannot reshape');
    expect(model.layers).toHaveLength(500);
  });
});

test('names that are blank, and names of one thing in other spellings', () => {
  expect(() => input([2], { name: '  ' })).toThrow('name must be a non-empty string');
  for (const name of ['L1L2', 'l1l2', 'l1_l2'])
    expect(() => layers.dense(1, { kernelRegularizer: name as never })).toThrow(
      'regularizers.l1L2({ l1, l2 })',
    );
  expect(() => regularizers.l1L2({ l1: 1, l2: 1 })).not.toThrow();
});
