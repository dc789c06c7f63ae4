/**
 * Parts of layers of one's own: regularizers, constraints and initializers, wherever a layer is made again from its config.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  constraints,
  input,
  Layer,
  layers,
  loadModel,
  Model,
  ops,
  type regularizers,
  Sequential,
  type SymbolicTensor,
  setRandomSeed,
  tensor,
  type Weight,
} from 'ridgeline';
import { afterAll, describe, expect, test, vi } from 'vitest';
import { bits, expectFailure } from './support/small.js';

const folder = mkdtempSync(join(tmpdir(), 'ridgeline-parts-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** A penalty with a config. */
class Scaled implements regularizers.Regularizer {
  readonly factors = undefined;
  readonly by: number;

  constructor({ by }: { by: number }) {
    this.by = by;
  }
  call(weight: SymbolicTensor | Weight): SymbolicTensor {
    return ops.mul(ops.sum(ops.square(weight)), this.by);
  }
  getConfig() {
    return { name: 'Scaled', by: this.by };
  }
}

class Half extends constraints.Constraint {
  static override readonly constraintName = 'Half';

  override call(weight: SymbolicTensor): SymbolicTensor {
    return ops.mul(weight, 0.5);
  }
}

const rising = (shape: readonly number[]) =>
  ops.reshape(ops.arange(shape.reduce((a, b) => a * b, 1)), [...shape]);

const parts = {
  kernelInitializer: rising,
  kernelRegularizer: new Scaled({ by: 0.1 }),
  kernelConstraint: new Half(),
};
const custom = { Scaled, Half, rising };

describe('are known where a layer is made again', () => {
  test.each([
    ['bidirectional', () => layers.bidirectional(layers.lstm(2, parts))],
    ['cells both ways', () => layers.bidirectional(layers.rnn(layers.lstmCell(2, parts)))],
    ['a model in a wrapper', () => layers.timeDistributed(new Sequential([layers.dense(2, parts)]))],
    ['a wrapper', () => layers.timeDistributed(layers.dense(2, parts))],
  ])('%s', async (_, make) => {
    const model = new Sequential([input([3, 2]), make(), layers.flatten(), layers.dense(1)]).compile({
      optimizer: 'adam',
      loss: 'mse',
    }) as Model;
    const rows = tensor([
      [
        [1, 2],
        [3, 4],
        [5, 6],
      ],
    ]);
    await model.fit(rows, [[1]]);
    const path = join(folder, 'model.ridgeline');
    await model.save(path);
    const loaded = await loadModel(path, { custom });
    expect(bits(loaded)).toEqual(bits(model));
    const [one, other] = [await model.fit(rows, [[1]]), await loaded.fit(rows, [[1]])];
    expect(other.history).toEqual(one.history);
    expect(one.history.penalty?.[0]).toBeGreaterThan(0);
    await expect(loadModel(path)).rejects.toMatchObject({ code: 'ERR_ARGUMENT' });
  });

  test('a layer that needs the mask of its input', async () => {
    class Counted extends Layer {
      static override readonly className = 'Counted';
      override call(x: SymbolicTensor): SymbolicTensor {
        const counts = ops.expandDims(ops.cast(x.mask as SymbolicTensor, 'float32'), -1);
        return ops.mul(x, counts);
      }
    }
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
    const tokens = input({ shape: [null], dtype: 'int32' });
    const embedded = layers.embedding(10, 4, { maskZero: true })(tokens);
    const model = new Model({ inputs: tokens, outputs: new Counted()(embedded) as SymbolicTensor });
    const path = join(folder, 'masked.ridgeline');
    await model.save(path);
    const loaded = await loadModel(path, { layers: [Counted] });
    // That it does not hand on the mask is said once, not by its copies.
    expect(warn).toHaveBeenCalledTimes(1);
    warn.mockRestore();
    const rows = tensor(Int32Array.of(3, 0, 1), { shape: [1, 3] });
    expect(loaded.predictSync(rows).toArray()).toEqual(model.predictSync(rows).toArray());
  });
});

describe('an initializer that is a function', () => {
  test('gets the shape, and gives tensors, lists or arrays', () => {
    const shapes: (readonly number[])[] = [];
    const dense = layers.dense(2, {
      kernelInitializer: (shape) => {
        shapes.push(shape);
        return [
          [1, 2],
          [3, 4],
        ];
      },
      biasInitializer: ([size]) => new Float32Array(size as number).fill(5),
    });
    expect(dense(tensor([[1, 1]])).toArray()).toEqual([[9, 11]]);
    expect(shapes).toEqual([[2, 2]]);
  });

  test('draws by the global seed', () => {
    const drawn = (): unknown => {
      setRandomSeed(6);
      const kernelInitializer = (shape: readonly number[]) => ops.randomNormal(ops.zeros([...shape]));
      return layers
        .dense(2, { kernelInitializer })(tensor([[1, 1]]))
        .toArray();
    };
    expect(drawn()).toEqual(drawn());
  });

  test.each<[string, () => unknown, string]>([
    ['another shape', () => ops.zeros([3, 2]), 'ERR_SHAPE'],
    ['a number', () => 5, 'ERR_SHAPE'],
    ['a promise', () => Promise.resolve([1]), 'ERR_DTYPE'],
    ['nothing', () => undefined, 'ERR_DTYPE'],
  ])('may not give %s', (_, of, code) => {
    const dense = layers.dense(3, { kernelInitializer: of as never });
    expectFailure(() => dense(tensor([[1, 2]])), code as never, /^layer 'dense/);
  });
});
