/**
 * Data that comes in batches: `fit`, `evaluate` and `predict` give what the same rows in memory give.
 */
import { setTimeout } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { type Batch, layers, type Model, Sequential, setRandomSeed, type Tensor, tensor } from 'ridgeline';
import { describe, expect, test, vi } from 'vitest';
import { bits, expectFailure } from './support/small.js';

const [ROWS, SIZE] = [50, 16];
const numbers = (rows: number, columns: number, of: (i: number) => number): Tensor<'float32'> =>
  tensor(
    Float32Array.from({ length: rows * columns }, (_, i) => of(i)),
    { shape: [rows, columns] },
  );
const x = numbers(ROWS, 4, (i) => Math.sin(i));
const y = numbers(ROWS, 1, (i) => Math.cos(i));
const weights = Array.from({ length: ROWS }, (_, i) => 1 + (i % 3));

/** The rows in batches; whether `return` was called on them is noted. */
function* pieces(weighted = false, note?: { closed?: boolean }): Generator<Batch> {
  try {
    for (let at = 0; at < ROWS; at += SIZE) {
      const end = Math.min(at + SIZE, ROWS);
      const sampleWeight = weighted ? weights.slice(at, end) : undefined;
      yield { x: x.rows(at, end), y: y.rows(at, end), sampleWeight };
    }
  } finally {
    if (note) note.closed = true;
  }
}

async function* slowly(of: Iterable<Batch>): AsyncGenerator<Batch> {
  for (const batch of of) {
    await setTimeout(1);
    yield batch;
  }
}

async function* forever(): AsyncGenerator<Batch> {
  for (;;) yield* pieces();
}

function model(): Model<string> {
  setRandomSeed(3);
  const net = new Sequential([layers.input([4]), layers.dense(8), layers.dropout(0.3), layers.dense(1)]);
  return net.compile({ optimizer: 'adam', loss: 'mse', metrics: ['mae'] }) as unknown as Model<string>;
}

const inMemory = { epochs: 3, batchSize: SIZE, shuffle: false, validationData: [x, y] } as const;
const steps = Math.ceil(ROWS / SIZE);

describe('batches that were trained on', () => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;

  test.each(['fit', 'validation'])('are let go of while the rest comes: %s', async (place) => {
    const given: WeakRef<object>[] = [];
    let most = 0;
    const source = async function* (): AsyncGenerator<Batch> {
      for (let i = 0; i < 24; i++) {
        const rows = numbers(SIZE, 4, (j) => i + j);
        given.push(new WeakRef(rows));
        yield { x: rows, y: numbers(SIZE, 1, (j) => j) };
        await setTimeout(1);
        collect();
        most = Math.max(most, given.filter((of) => of.deref()).length);
      }
    };
    const onTrainBatchEnd = async (): Promise<void> => setTimeout(0);
    const options = { epochs: 1, callbacks: [{ onTrainBatchEnd }], verbose: 0 } as const;
    if (place === 'fit') await model().fit(source, options);
    else await model().fit(x, y, { ...options, validationData: source });
    expect(given).toHaveLength(24);
    // The one that is trained on, the one that comes, and what a turn has not forgotten yet.
    expect(most).toBeLessThan(8);
  });
});

describe('a source that uses its arrays again', () => {
  function* reused(): Generator<Batch> {
    const [own, labels] = [new Float32Array(SIZE * 4), new Float32Array(SIZE)];
    for (const { x, y } of pieces()) {
      const rows = (x as Tensor).shape[0] as number;
      own.set((x as Tensor<'float32'>).data);
      labels.set((y as Tensor<'float32'>).data);
      yield {
        x: tensor(own.subarray(0, 4 * rows), { shape: [rows, 4] }),
        y: tensor(labels.subarray(0, rows), { shape: [rows, 1] }),
      };
      own.fill(Number.NaN);
      labels.fill(Number.NaN);
    }
  }

  test.each([
    ['at once', reused],
    ['some time later', () => slowly(reused())],
  ])('which it gives %s, is trained on as it was', async (_, source) => {
    const [fresh, again] = [model(), model()];
    const options = { epochs: 3, validationData: pieces } as const;
    const { history } = await fresh.fit(() => pieces(), { ...options, validationData: () => pieces() });
    const found = await again.fit(source, { ...options, validationData: source });
    expect(found.history).toEqual(history);
    expect(bits(again)).toEqual(bits(fresh));
    expect(await again.evaluate(source)).toEqual(await fresh.evaluate(() => pieces()));
    expect(await again.predict(source)).toEqual(await fresh.predict(() => pieces()));
  });
});

describe('fit equals that in memory', () => {
  test.each<[string, (m: Model<string>) => Promise<unknown>]>([
    ['a generator function', (m) => m.fit(() => pieces(), { epochs: 3, validationData: [x, y] })],
    ['an async one', (m) => m.fit(() => slowly(pieces()), { epochs: 3, validationData: [x, y] })],
    [
      'an iterable that goes on',
      (m) => m.fit(forever(), { epochs: 3, stepsPerEpoch: steps, validationData: [x, y] }),
    ],
    [
      'validation in batches',
      (m) => m.fit(() => pieces(), { epochs: 3, validationData: () => pieces() as Iterable<Batch> }),
    ],
    [
      'validation that goes on',
      (m) => m.fit(() => pieces(), { epochs: 3, validationData: forever(), validationSteps: steps }),
    ],
    [
      'rows in memory, validated in batches',
      (m) => m.fit(x, y, { ...inMemory, validationData: () => pieces() as Iterable<Batch> }),
    ],
    [
      'rows in memory, validated on batches that go on',
      (m) => m.fit(x, y, { ...inMemory, validationData: forever(), validationSteps: steps }),
    ],
  ])('%s', async (_, fit) => {
    const [a, b] = [model(), model()];
    const expected = await a.fit(x, y, inMemory);
    const found = (await fit(b)) as typeof expected;
    expect(bits(b)).toEqual(bits(a));
    expect(found.epoch).toEqual(expected.epoch);
    for (const [key, values] of Object.entries(expected.history)) {
      values.forEach((value, i) => {
        // Validation sums by other batches.
        expect(found.history[key]?.[i]).toBeCloseTo(value, key.startsWith('val_') ? 6 : 15);
      });
    }
  });

  test('with weights of rows', async () => {
    const [a, b] = [model(), model()];
    await a.fit(x, y, { epochs: 2, batchSize: SIZE, shuffle: false, sampleWeight: weights });
    await b.fit(() => pieces(true), { epochs: 2 });
    expect(bits(b)).toEqual(bits(a));
  });

  test('callbacks hear of the same batches and epochs', async () => {
    const heard = async (
      fit: (m: Model<string>, callback: object) => Promise<unknown>,
    ): Promise<string[]> => {
      const said: string[] = [];
      const note =
        (name: string) =>
        (at: number): void =>
          void said.push(`${name} ${at}`);
      await fit(model(), {
        onEpochBegin: note('epoch'),
        onEpochEnd: note('epoch end'),
        onTrainBatchBegin: note('batch'),
        onTrainBatchEnd: note('batch end'),
      });
      return said;
    };
    const memory = await heard((m, c) => m.fit(x, y, { epochs: 2, batchSize: SIZE, callbacks: [c] }));
    expect(await heard((m, c) => m.fit(() => pieces(), { epochs: 2, callbacks: [c] }))).toEqual(memory);
  });
});

test('evaluate and predict equal those in memory', async () => {
  const net = model();
  const found = await net.evaluate(() => slowly(pieces()));
  for (const [key, value] of Object.entries(await net.evaluate(x, y, { batchSize: SIZE })))
    expect(found[key]).toBeCloseTo(value as number, 6);
  expect(await net.evaluate(forever(), { steps: 1 })).toEqual(
    await net.evaluate(x.rows(0, SIZE), y.rows(0, SIZE)),
  );
  const [streamed, whole] = [await net.predict(() => pieces()), await net.predict(x)];
  expect(streamed.shape).toEqual(whole.shape);
  expect([...streamed.data]).toEqual([...whole.data]);
});

test('a model without input yet learns it from a batch', async () => {
  const unbuilt = (): Model<string> =>
    new Sequential([layers.dense(1, { kernelInitializer: 'ones' })]).compile({
      loss: 'mse',
      metrics: ['mae'],
    }) as never;
  const [a, b, c] = [unbuilt(), unbuilt(), unbuilt()];
  await a.fit(x, y, { batchSize: SIZE, shuffle: false });
  await b.fit(() => pieces());
  expect(bits(b)).toEqual(bits(a));
  expect(await c.evaluate(() => pieces())).toEqual(await unbuilt().evaluate(() => pieces()));
});

describe('a source', () => {
  const none = (): Batch[] => [];
  const odd = [{ x, y, sample_weight: weights }] as unknown as Batch[];
  test.each<[string, (m: Model<string>) => Promise<unknown>, RegExp]>([
    ['fit of none', (m) => m.fit(none), /^x must give at least one batch, and gave none$/],
    ['evaluate of none', (m) => m.evaluate(none), /^x must give at least one batch, and gave none$/],
    [
      'validation on none',
      (m) => m.fit(() => pieces(), { validationData: none }),
      /^validationData must give at least one batch/,
    ],
    [
      'what nobody knows',
      (m) => m.fit(() => odd),
      /^batch of x has no option 'sample_weight'; did you mean 'sampleWeight'/,
    ],
    [
      'an iterator that gives no objects',
      (m) => m.fit({ next: () => 3 } as never, { stepsPerEpoch: 1 }),
      /^next\(\) of x must be an object with done and value, received 3/,
    ],
  ])('%s is refused', async (_, run, says) => {
    await expectFailure(() => run(model()), 'ERR_ARGUMENT', says);
  });

  test('that ends before stepsPerEpoch says so', async () => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
    await model().fit(() => pieces(), { stepsPerEpoch: 9 });
    expect(warn.mock.calls).toEqual([
      ['ridgeline: epoch 1 had 4 batches, fewer than the 9 of stepsPerEpoch'],
    ]);
    warn.mockRestore();
  });

  test.each([
    ['within an epoch', 3, 2],
    ['with an epoch', 2, 2],
  ])('that ends %s ends training, and keeps what was trained', async (_, stepsPerEpoch, epochs) => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
    const ends: string[] = [];
    const { epoch, history } = await model().fit(slowly(pieces()), {
      ...{ epochs: 9, stepsPerEpoch },
      callbacks: [{ onTrainEnd: () => void ends.push('end') }],
    });
    expect([epoch.length, history.loss?.length, ends.length]).toEqual([epochs, epochs, 1]);
    expect(warn.mock.lastCall).toEqual([
      `ridgeline: x had no batch left for epoch ${epochs + 1}; training ends with the one before it`,
    ]);
    warn.mockRestore();
  });

  test('is asked for a batch while the step before it runs', async () => {
    const order: string[] = [];
    function* noted(): Generator<Batch> {
      let i = 0;
      for (const batch of pieces()) {
        order.push(`batch ${i++}`);
        yield batch;
      }
    }
    const callback = { onTrainBatchEnd: (at: number): void => void order.push(`end ${at}`) };
    await model().fit(() => noted(), { callbacks: [callback] });
    expect(order.slice(0, 3)).toEqual(['batch 0', 'batch 1', 'end 0']);
  });

  test('hears that no more is wanted when fit is aborted', async () => {
    const [note, abort]: [{ closed?: boolean }, AbortController] = [{}, new AbortController()];
    const callback = { onTrainBatchEnd: (): void => abort.abort(new Error('enough')) };
    const fit = model().fit(() => pieces(false, note), {
      epochs: 9,
      signal: abort.signal,
      callbacks: [callback],
    });
    await expect(fit).rejects.toThrow('enough');
    expect(note.closed).toBe(true);
  });

  test('that never gives anything does not hold abort or dispose', async () => {
    const silent = { [Symbol.asyncIterator]: () => ({ next: () => new Promise<never>(() => {}) }) };
    const abort = new AbortController();
    const [a, b, c] = [model(), model(), model()];
    const fits = [a.fit(silent, { stepsPerEpoch: 2, signal: abort.signal }), b.fit(() => silent)];
    const validated = c.fit(x, y, { epochs: 2, validationData: () => silent, signal: abort.signal });
    await setTimeout(20);
    abort.abort(new Error('enough'));
    b.dispose();
    await Promise.all([
      expect(fits[0]).rejects.toThrow('enough'),
      expect(validated).rejects.toThrow('enough'),
      expectFailure(() => fits[1] as Promise<unknown>, 'ERR_DISPOSED', /disposed/),
    ]);
  });

  test.each<[string, (m: Model<string>) => Promise<unknown>, RegExp]>([
    ['goes on without stepsPerEpoch', (m) => m.fit(forever()), /^stepsPerEpoch must be given/],
    ['gives no batches', (m) => m.fit(() => [1, 2] as never), /^batch of x must be an object with x, y/],
    ['gives nothing', (m) => m.fit((() => 3) as never), /^x must be an iterable of batches/],
    ['has labels beside it', (m) => m.fit(() => pieces(), y as never), /^y must be left out/],
    ['is to be shuffled', (m) => m.fit(() => pieces(), { shuffle: true }), /^shuffle must be false/],
    [
      'has validation data in memory and validationSteps',
      (m) => m.fit(() => pieces(), { validationData: [x, y], validationSteps: 2 }),
      /^validationSteps must be left out/,
    ],
    ['has a batch size', (m) => m.fit(() => pieces(), { batchSize: 3 }), /^batchSize must be left out/],
  ])('that %s is refused', async (_, fit, says) => {
    await expectFailure(() => fit(model()), 'ERR_ARGUMENT', says);
  });

  test('whose rows are wrong fails as they do in memory', async () => {
    const bad = (): Batch[] => [
      { x: x.rows(0, 2), y: y.rows(0, 2) },
      { x: [[1, 2]], y: [[1]] },
    ];
    await expectFailure(() => model().fit(bad), 'ERR_SHAPE', /^x must have shape/);
    const mine = new Error('the disk is gone');
    const failing = (): Iterable<Batch> => ({
      *[Symbol.iterator]() {
        yield { x: x.rows(0, 2), y: y.rows(0, 2) };
        throw mine;
      },
    });
    await expect(model().fit(failing)).rejects.toBe(mine);
  });
});
