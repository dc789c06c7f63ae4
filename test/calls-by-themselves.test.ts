/**
 * Layers and models called by themselves, on tensors: what a call for training leaves in weights that are not trained.
 */
import { Layer, layers, ops, Sequential, type SymbolicTensor, tensor, type Weight } from 'ridgeline';
import { describe, expect, test } from 'vitest';
import './support/allclose.js';

const x = tensor([[1, 2], [3, 6]]); // biome-ignore format: a matrix

/** Counts the calls that it is traced for. */
class Count extends Layer {
  static override readonly className = 'Count';
  #seen!: Weight;
  override build(): void {
    this.#seen = this.addWeight('seen', { shape: [], initializer: 'zeros', trainable: false });
  }
  override call(x: SymbolicTensor): SymbolicTensor {
    this.assign(this.#seen, ops.add(this.#seen, 1));
    return x;
  }
}

describe('moving statistics', () => {
  test('follow a call for training, as in Keras', () => {
    const norm = layers.batchNormalization({ momentum: 0.5 });
    norm(x);
    expect(norm.getWeights()[2]?.toArray()).toEqual([0, 0]);
    norm(x, { training: true });
    // Keras 3.15 on JAX.
    expect(norm.getWeights().map((of) => of.toArray())).toEqual([[1, 1], [0, 0], [1, 2], [1, 2.5]]); // biome-ignore format: a list
  });
  test('follow a call of a model', () => {
    const norm = layers.batchNormalization({ momentum: 0.5 });
    const model = new Sequential([layers.input([2]), norm]);
    model(x, { training: true });
    expect(norm.getWeights()[2]?.toArray()).toEqual([1, 2]);
  });
  test('follow a call within a function that is differentiated', () => {
    const norm = layers.batchNormalization({ momentum: 0.5 });
    norm(x);
    const slope = ops.valueAndGrad((of: SymbolicTensor) => ops.sum(norm(of, { training: true })));
    slope(x);
    expect(norm.getWeights()[2]?.toArray()).toEqual([1, 2]);
  });
  test('stay where one would become NaN', () => {
    const norm = layers.batchNormalization();
    norm(x, { training: true });
    const before = norm.getWeights().map((of) => of.toArray());
    expect(() =>
      norm(
        tensor([
          [1, 2],
          [3, Number.NaN],
        ]),
        { training: true },
      ),
    ).toThrow(/^weight 'batch_normalization.*\/moving_mean' has NaN at element 1/);
    expect(norm.getWeights().map((of) => of.toArray())).toEqual(before);
  });
  test('stay where the layer is frozen', () => {
    const norm = layers.batchNormalization({ trainable: false });
    norm(x, { training: true });
    expect(norm.getWeights()[2]?.toArray()).toEqual([0, 0]);
  });
});

test('a weight of a layer of one’s own', () => {
  const count = new Count();
  for (const training of [true, false, true]) count(x, { training });
  count(x);
  expect(count.getWeights()[0]?.toArray()).toBe(2);
});
