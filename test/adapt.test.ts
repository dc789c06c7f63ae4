/**
 * What is adapted to data: in turns where there is much of it, done at once where there is little, exact far from zero.
 */
import { layers, preprocessing, Sequential, tensor } from 'ridgeline';
import { describe, expect, test } from 'vitest';
import { expectFailure } from './support/small.js';
import { turnsOf } from './support/turns.js';

const many = 1_000_000;

describe('much data', () => {
  test('a normalization lets others have their turn, and is exact where the mean is far', async () => {
    const x = Float32Array.from(
      { length: 3 * many },
      (_, i) => 4096 + (i % 3) + ((i / 3) % 2 < 1 ? 0.5 : -0.5),
    );
    const layer = layers.normalization();
    expect(await turnsOf(() => layer.adapt(tensor(x, { shape: [many, 3] })))).toBeGreaterThan(2);
    const [mean, variance] = layer.getWeights();
    expect(mean?.toArray()).toEqual([4096, 4097, 4098]);
    expect(variance?.toArray()).toEqual([0.25, 0.25, 0.25]);
  });
  test('samples larger than a slice', async () => {
    const layer = layers.normalization({ axis: [1, 2] });
    const x = Float32Array.from({ length: 4 * 300_000 }, (_, i) => Math.floor(i / 300_000));
    await layer.adapt(tensor(x, { shape: [4, 3, 100_000] }));
    const [mean, variance] = layer.getWeights();
    expect(new Set(mean?.data)).toEqual(new Set([1.5]));
    expect(new Set(variance?.data)).toEqual(new Set([1.25]));
  });
  test('a lookup of numbers', async () => {
    const layer = layers.integerLookup();
    const tokens = Int32Array.from({ length: many }, (_, i) => Math.floor(Math.sqrt(i)));
    expect(await turnsOf(() => layer.adapt(tensor(tokens)))).toBeGreaterThan(2);
    // n occurs 2n + 1 times.
    expect(layer.vocabulary).toEqual(Array.from({ length: 1000 }, (_, i) => 999 - i));
  });
  test('a lookup of strings', async () => {
    const lookup = preprocessing.stringLookup();
    const tokens = Array.from({ length: 300_000 }, (_, i) => `token ${i % 100_003}`);
    expect(await turnsOf(() => lookup.adapt(tokens))).toBeGreaterThan(2);
    const thrice = 300_000 - 2 * 100_003;
    const byText = (a: string, b: string): number => (a < b ? 1 : -1);
    const all = tokens.slice(0, 100_003);
    const expected = [...all.slice(0, thrice).sort(byText), ...all.slice(thrice).sort(byText)];
    expect(lookup.vocabulary).toEqual(expected);
  });
  test('a layer that is being adapted is not called', async () => {
    const layer = layers.normalization();
    const adapted = layer.adapt(tensor(new Float32Array(3 * many).fill(1), { shape: [many, 3] }));
    const made = (): Sequential => new Sequential([layers.input([3]), layer]);
    await expectFailure(made, 'ERR_BUSY', /is being adapted: await that/);
    await adapted;
    const model = made();
    expect((await model.predict([[1, 1, 1]])).toArray()).toEqual([[0, 0, 0]]);
  });
});

test('little data is adapted to when the call returns', () => {
  const layer = layers.normalization();
  void layer.adapt([[1], [3]]);
  expect(layer(tensor([[5]])).toArray()).toEqual([[3]]);
});

test('what is wrong with data is told by a rejection', async () => {
  const promise = layers.normalization().adapt([[1, Number.POSITIVE_INFINITY]]);
  await expect(promise).rejects.toMatchObject({ code: 'ERR_NON_FINITE' });
});

describe('batches', () => {
  async function* of<X>(...parts: readonly X[]): AsyncGenerator<{ x: X }> {
    for (const x of parts) yield { x };
  }
  const x = Float32Array.from({ length: 1000 }, (_, i) => ((i * 7919) % 1009) / 8);
  const parts = [x.slice(0, 300), x.slice(300, 301), x.slice(301)];

  test('give a normalization the moments of all they have', async () => {
    const rows = (from: Float32Array) => tensor(from, { shape: [from.length, 1] });
    const [whole, pieces] = [layers.normalization(), layers.normalization()];
    await whole.adapt(rows(x));
    const adapted = pieces.adapt(() => of(...parts.map(rows)));
    expect(() => new Sequential([layers.input([1]), pieces])).toThrow(/is being adapted/);
    await adapted;
    for (const [i, weight] of pieces.getWeights().entries())
      expect(weight.data[0]).toBeCloseTo(whole.getWeights()[i]?.data[0] as number, 3);
    expect(pieces.getWeights().length).toBe(2);
  });
  test('of samples with statistics of their own, whatever the other sizes are', async () => {
    const layer = layers.normalization();
    const ones = (shape: number[], value: number) =>
      tensor(new Float32Array(shape.reduce((a, b) => a * b)).fill(value), { shape });
    await layer.adapt(() => of(ones([2, 3, 2], 1), ones([1, 6, 2], 4)));
    expect(layer.getWeights().map((weight) => weight.toArray())).toEqual([
      [2.5, 2.5],
      [2.25, 2.25],
    ]);
  });
  // Keras 3.15.1: adapt of a tf.data.Dataset of these parts.
  test.each([
    [0.01, [31.375022888183594, 63.68745803833008, 94.49999237060547]],
    [0.1, [31.417922973632812, 63.6875114440918, 94.3345947265625]],
  ])('make the bins that Keras makes, at epsilon %f', async (epsilon, expected) => {
    const bins = layers.discretization({ numBins: 4, epsilon });
    await bins.adapt(() => of(...parts));
    for (const [i, boundary] of (bins.binBoundaries as number[]).entries())
      expect(boundary).toBeCloseTo(expected[i] as number, 4);
    expect(bins.binBoundaries?.length).toBe(3);
  });
  test('give lookups one vocabulary', async () => {
    const numbers = layers.integerLookup();
    await numbers.adapt(() => of([3, 3, 7], [7, 7, 9]));
    expect(numbers.vocabulary).toEqual([7, 3, 9]);
    const strings = preprocessing.stringLookup({ outputMode: 'tfIdf' });
    await strings.adapt(() =>
      of(
        [
          ['a', 'b'],
          ['b', 'b'],
        ],
        [['b', 'c']],
      ),
    );
    expect(strings.vocabulary).toEqual(['b', 'c', 'a']);
    expect(strings.idfWeights?.[0]).toBeCloseTo(Math.log(1 + 3 / 4), 12);
    const words = preprocessing.textVectorization();
    await words.adapt(() => of(['the cat'], ['The dog!', 'the']));
    expect(words.vocabulary).toEqual(['the', 'dog', 'cat']);
  });
  test('let others have their turn, though each is brief and at hand', async () => {
    let [turned, over] = [0, false];
    const turn = (): void => {
      turned++;
      if (!over) setImmediate(turn);
    };
    function* brief(): Generator<{ x: number[] }> {
      for (let i = 0; i < 5000; i++) yield { x: [i, i, i] };
    }
    setImmediate(turn);
    await layers.integerLookup().adapt(brief);
    expect(turned).toBeGreaterThan(0);
    over = true;
  });
  test('that go on for ever are taken as many as is said', async () => {
    let [given, isClosed] = [0, false];
    function* forever(): Generator<{ x: number[] }> {
      try {
        for (;;) yield { x: [given++] };
      } finally {
        isClosed = true;
      }
    }
    const layer = layers.integerLookup();
    await layer.adapt(forever(), { steps: 3 });
    expect(layer.vocabulary).toEqual([2, 1, 0]);
    expect([given, isClosed]).toEqual([3, true]);
  });
  test('that are wrong leave what was there before', async () => {
    const layer = layers.normalization();
    await layer.adapt([[1], [3]]);
    const failing = async function* () {
      yield { x: [[5], [7]] };
      throw new Error('the disk is gone');
    };
    await expect(layer.adapt(failing)).rejects.toThrow('the disk is gone');
    const bad = (data: unknown, options?: unknown) => () => layer.adapt(data as never, options as never);
    await expectFailure(
      bad(() => of()),
      'ERR_ARGUMENT',
      /data must give at least one batch/,
    );
    await expectFailure(
      bad(() => [1]),
      'ERR_ARGUMENT',
      /batch of data must be an object with x/,
    );
    await expectFailure(
      bad(() => of([[1]], [[1, 2]])),
      'ERR_SHAPE',
      /does not fit layer/,
    );
    await expectFailure(
      bad(() => of([[Number.NaN]])),
      'ERR_NON_FINITE',
      /NaN/,
    );
    await expectFailure(bad([[1]], { steps: 2 }), 'ERR_ARGUMENT', /steps must be given with batches alone/);
    await expectFailure(
      bad(() => of([[1]]), { steps: 0 }),
      'ERR_ARGUMENT',
      /steps/,
    );
    await expectFailure(
      bad(() => of([[1]]), { step: 1 }),
      'ERR_ARGUMENT',
      /did you mean 'steps'/,
    );
    expect(layer.getWeights().map((weight) => weight.data[0])).toEqual([2, 1]);
    expect((await new Sequential([layers.input([1]), layer]).predict([[3]])).data[0]).toBe(1);
  });
});
