/**
 * Einstein's summation: equations that do not fit, and sizes that are known only when data comes.
 */
import { input, Layer, Model, ops, type SymbolicTensor, type Tensor, tensor } from 'ridgeline';
import { describe, expect, test } from 'vitest';
import { expectFailure } from './support/small.js';

const a = tensor([
  [1, 2, 3],
  [4, 5, 6],
]);
const square = tensor([
  [1, 2],
  [3, 4],
]);

test('tensors of two kinds, and spaces', () => {
  expect(ops.einsum(' i j , k i -> k j ', a, square).toArray()).toEqual([
    [9, 12, 15],
    [19, 26, 33],
  ]);
});

test.each<[unknown, Tensor[], RegExp]>([
  [3, [a], /^equation must be a string such as/],
  ['ij->ji->ij', [a], /^equation must be a string with at most one '->'/],
  ['i1', [a], /^equation must be terms of letters/],
  ['...i...', [a], /^equation must be terms of letters/],
  ['ii->i', [square], /^equation must be terms whose letters are all different/],
  ['ij->ii', [a], /^equation must be terms whose letters are all different/],
  ['ij,jk', [a], /^equation must be a term for each of 1 tensors/],
  ['', [], /^equation must be a term for each of 0 tensors/],
  ['ij->ik', [a], /^equation must be an output whose letters stand in a term, received 'k'/],
  ['...i->i', [a], /^equation must be an output with '...' too/],
])('%o is refused', async (equation, tensors, message) => {
  await expectFailure(() => ops.einsum(equation as string, ...tensors), 'ERR_ARGUMENT', message);
});

test.each<[string, Tensor[], RegExp]>([
  ['i', [a], /^einsum: 'i' does not name the axes of \[2, 3\]/],
  ['ijk', [a], /^einsum: 'ijk' does not name the axes of \[2, 3\]/],
  ['i...jk', [a], /^einsum: 'i...jk' does not name the axes/],
  ['ij,jk', [a, square], /^einsum: axis 'j' has sizes 3 and 2/],
])('shapes that %s does not fit', async (equation, tensors, message) => {
  await expectFailure(() => ops.einsum(equation, ...tensors), 'ERR_SHAPE', message);
});

describe('unknown sizes', () => {
  /** A layer of one equation. */
  class Einsum extends Layer {
    readonly #equation: string;

    constructor(equation: string) {
      super({});
      this.#equation = equation;
    }
    override call(...inputs: SymbolicTensor[]): SymbolicTensor {
      return ops.einsum(this.#equation, ...inputs);
    }
  }
  const filled = (...shape: number[]): Tensor =>
    tensor(
      Float32Array.from({ length: shape.reduce((x, y) => x * y, 1) }, (_, i) => Math.sin(i * 1.7)),
      { shape },
    );

  test.each<[string, (number | null)[][], number[][]]>([
    [
      'bshd,bhde->bse',
      [
        [null, 2, 3],
        [2, 3, 4],
      ],
      [
        [5, 2, 3],
        [2, 3, 4],
      ],
    ],
    [
      'bqhd,bkhd->bhqk',
      [
        [null, 2, 3],
        [null, 2, 3],
      ],
      [
        [5, 2, 3],
        [7, 2, 3],
      ],
    ],
    [
      'bst,bti->bsi',
      [
        [null, 4],
        [4, 2],
      ],
      [
        [5, 4],
        [4, 2],
      ],
    ],
    [
      'b...,b...->b...',
      [
        [null, 4],
        [null, 4],
      ],
      [
        [5, 4],
        [5, 4],
      ],
    ],
    [
      'bstd,bde->bste',
      [
        [null, null, 3],
        [3, 2],
      ],
      [
        [4, 6, 3],
        [3, 2],
      ],
    ],
  ])('%s', async (equation, known, shapes) => {
    const inputs = known.map((shape) => input(shape));
    const model = new Model({ inputs, outputs: new Einsum(equation)(...inputs) });
    const data = shapes.map((shape) => filled(6, ...shape));
    const together = await model.predict(data, { batchSize: 4 });
    expect(together.toArray()).toEqual(ops.einsum(equation, ...data).toArray());
  });
});

test('several sizes that are unknown, merged and split again', () => {
  const [left, right] = [input([null, null, 4]), input([null, null, 4])];
  const scores = ops.einsum('bijf,bklf->bijkl', left, right) as SymbolicTensor;
  const model = new Model({ inputs: [left, right], outputs: scores });
  const values = (n: number): Float32Array => Float32Array.from({ length: n }, (_, i) => Math.sin(i));
  const data = [
    tensor(values(2 * 3 * 5 * 4), { shape: [2, 3, 5, 4] }),
    tensor(values(2 * 2 * 3 * 4), { shape: [2, 2, 3, 4] }),
  ] as const;
  const found = model.predictSync([...data]) as Tensor;
  const expected = ops.einsum('bijf,bklf->bijkl', ...data) as Tensor;
  expect(found.shape).toEqual([2, 3, 5, 2, 3]);
  expect(found.data).toEqual(expected.data);
});
