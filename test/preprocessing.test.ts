/**
 * Steps before a model: strings and whole numbers to buckets and places, against Keras, and saved beside the graph.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { layers, loadModel, preprocessing, Sequential, type Tensor, tensor } from 'ridgeline';
import { afterAll, describe, expect, test } from 'vitest';
import { golden } from './support/golden.js';
import { expectFailure } from './support/small.js';

const folder = mkdtempSync(join(tmpdir(), 'ridgeline-preprocessing-'));
afterAll(() => rmSync(folder, { recursive: true }));

interface Case {
  readonly name: string;
  readonly step: 'hashing' | 'stringLookup' | 'integerLookup';
  readonly config: never;
  readonly items: readonly (string | number)[];
  readonly outputs: readonly unknown[];
}
interface Texts {
  readonly name: string;
  readonly config: preprocessing.TextVectorizationOptions;
  readonly seen: string[];
  readonly texts: string[];
  readonly vocabulary: string[];
  readonly outputs: number[] | number[][];
}
interface Learnt extends Case {
  readonly step: 'stringLookup' | 'integerLookup';
  readonly seen: unknown;
  readonly vocabulary: unknown[];
}
interface Quantiles {
  readonly name: string;
  readonly size: number;
  readonly numBins: number;
  readonly epsilon: number;
  readonly boundaries: readonly number[];
}
const {
  cases,
  texts,
  learnt,
  quantiles,
  adapted: [adapted],
} = golden<{
  cases: Case[];
  texts: Texts[];
  learnt: Learnt[];
  quantiles: Quantiles[];
  adapted: [{ items: string[]; vocabulary: string[] }];
}>('preprocessing');
const { hashing, stringLookup } = preprocessing;

const whole = (values: readonly number[]): Tensor => tensor(values as number[], { dtype: 'int32' });

function expectClose(found: Tensor, outputs: unknown): void {
  const expected = tensor(outputs as number[]);
  expect(found.shape).toEqual(expected.shape);
  for (const [i, value] of found.data.entries()) expect(value).toBeCloseTo(expected.data[i] as number, 5);
}

test.each(cases)('$name: as Keras', ({ step, config, items, outputs }) => {
  const found =
    step === 'integerLookup'
      ? layers.integerLookup(config)(whole(items as number[]))
      : { hashing, stringLookup }[step](config).call(items as never);
  expectClose(found as Tensor, outputs);
});

test.each(learnt)('$name: learns as Keras', async ({ step, config, seen, vocabulary, items, outputs }) => {
  if (step === 'integerLookup') {
    const layer = layers.integerLookup(config);
    await layer.adapt(whole(seen as number[]));
    expect(layer.vocabulary).toEqual(vocabulary);
    expectClose(layer(whole(items as number[])) as Tensor, outputs);
    const again = layers.integerLookup(layer.getConfig());
    expect((again(whole(items as number[])) as Tensor).data).toEqual(
      (layer(whole(items as number[])) as Tensor).data,
    );
    return;
  }
  const lookup = stringLookup(config);
  await lookup.adapt(seen as string[]);
  expect(lookup.vocabulary).toEqual(vocabulary);
  expectClose(lookup.call(items as string[]), outputs);
  const again = stringLookup(lookup.getConfig());
  expect(again.call(items as string[]).data).toEqual(lookup.call(items as string[]).data);
});

describe('discretization', () => {
  test.each(quantiles)('$name: as Keras', async ({ size, numBins, epsilon, boundaries }) => {
    const layer = layers.discretization({ numBins, epsilon });
    const data = Float32Array.from({ length: size }, (_, i) => Math.fround(Math.sin(i ** 2)) * 10);
    await layer.adapt(tensor(data));
    const found = layer.binBoundaries as readonly number[];
    expect(found).toHaveLength(boundaries.length);
    for (const [i, of] of found.entries()) expect(of).toBeCloseTo(boundaries[i] as number, 4);
    const again = layers.discretization(layer.getConfig() as never);
    expect((again(tensor(data)) as Tensor).data).toEqual((layer(tensor(data)) as Tensor).data);
  });
  test.each([
    [{}, /^binBoundaries must be given, or numBins/],
    [{ numBins: 1 }, /^numBins must be an integer/],
    [{ numBins: 2, epsilon: 0 }, /^epsilon must be more than 0/],
    [{ binBoundaries: [1, 1] }, /^binBoundaries must be a list of numbers, ascending/],
  ] as const)('%o is refused', (options, message) => {
    expect(() => layers.discretization(options as never)).toThrow(message);
  });
  test('comes back from its config, whatever the number of bins and of different numbers', async () => {
    const numbers = Array.from({ length: 1000 }, (_, i) => i);
    for (const [numBins, data] of [
      [49, numbers],
      [107, numbers],
      [4, [0, 0, 0, 0, 0, 0, 0, 1]],
    ] as const) {
      const layer = layers.discretization({ numBins, epsilon: 0.001, outputMode: 'oneHot' });
      await layer.adapt(data as number[]);
      expect(layer.binBoundaries).toHaveLength(numBins - 1);
      const again = layers.discretization(layer.getConfig() as never);
      expect((again(tensor([[0], [500]])) as Tensor).data).toEqual(
        (layer(tensor([[0], [500]])) as Tensor).data,
      );
    }
  });
  test('a layer that is called while it adapts keeps what it was called with', async () => {
    const layer = layers.discretization({ numBins: 2 });
    await layer.adapt([0, 1, 2, 3]);
    const adapted = layer.adapt(Float32Array.from({ length: 1_000_000 }, (_, i) => i));
    const before = layer(tensor([0, 500]));
    await expect(adapted).rejects.toThrow('was called before and cannot adapt');
    expect((layer(tensor([0, 500])) as Tensor).data).toEqual((before as Tensor).data);
  });
  test('adapts before it is called, to numbers, where it has none yet', async () => {
    const layer = layers.discretization({ numBins: 3 });
    expect(() => layer(tensor([[1]]))).toThrow(/has no boundaries yet/);
    await expect(layer.adapt([])).rejects.toMatchObject({ code: 'ERR_SHAPE' });
    await expect(layer.adapt([Number.NaN])).rejects.toMatchObject({ code: 'ERR_NON_FINITE' });
    await expect(layer.adapt([5])).rejects.toThrow(/^data must be more numbers/);
    await layer.adapt([1, 2, 3, 4, 5, 6]);
    expect((layer(tensor([0, 3, 9])) as Tensor).toArray()).toEqual([0, 1, 2]);
    await expect(layer.adapt([1])).rejects.toThrow('was called before and cannot adapt');
    await expect(layers.discretization([1]).adapt([1])).rejects.toThrow('was given boundaries');
  });
});

test('an unknown token that has no index is an error, and inverse lookups have a token for it', async () => {
  const [none, words] = [{ numOovIndices: 0 }, stringLookup({ vocabulary: ['a', 'b'], numOovIndices: 0 })];
  expect(() => words.call(['a', 'c'])).toThrow(
    "data must be strings of the vocabulary alone, as numOovIndices is 0, received 'c'",
  );
  const numbers = layers.integerLookup({ vocabulary: [5, 7], ...none, name: 'codes' });
  const model = new Sequential([layers.input({ shape: [2], dtype: 'int32' }), numbers]);
  expect((await model.predict([[7, 5]])).toArray()).toEqual([[1, 0]]);
  await expect(model.predict([[7, 6]])).rejects.toMatchObject({
    code: 'ERR_ARGUMENT',
    details: { layer: 'codes' },
  });
  const inverse = layers.integerLookup({ vocabulary: [5, 7], ...none, invert: true, oovToken: 9 });
  expect((inverse(whole([0, 1, 2, -1])) as Tensor).toArray()).toEqual([5, 7, 9, 9]);
  const words2 = stringLookup({ vocabulary: ['a', 'b'], ...none, invert: true });
  expect(words2.call([0, 1, 2, -1])).toEqual(['a', 'b', '[UNK]', '[UNK]']);
});

test.each([
  [{ padToMaxTokens: true }, /^padToMaxTokens must be false/],
  [{ padToMaxTokens: true, maxTokens: 5 }, /^padToMaxTokens must be false/],
  [{ vocabulary: ['a'], outputMode: 'tfIdf' }, /^idfWeights must be given where/],
  [{ vocabulary: ['a'], idfWeights: [1] }, /^idfWeights must be given where/],
  [
    { vocabulary: ['a'], outputMode: 'tfIdf', idfWeights: [1, 2] },
    /^idfWeights must be one for each of 1 tokens/,
  ],
  [{ outputMode: 'tfIdf', idfWeights: [1] }, /^idfWeights must be given with a vocabulary/],
  [{ vocabulary: ['a'], outputMode: 'tfIdf', idfWeights: [-1] }, /^idfWeights must be a list of numbers ≥ 0/],
  [{ numOovIndices: -1 }, /^numOovIndices must be an integer/],
] as const)('stringLookup: %o is refused', (options, message) => {
  expect(() => stringLookup(options)).toThrow(message);
});

describe('textVectorization', () => {
  test('takes texts that are cut within a character', async () => {
    const words = preprocessing.textVectorization({ standardize: null });
    await words.adapt(['a \ud83d', 'b\0 a']);
    expect(words.vocabulary).toEqual(['a', '\ufffd', 'b\ufffd']);
    expect(words.call(['a \ude00 \ud83d\ude00']).toArray()).toEqual([[2, 3, 1]]);
    expect(() => preprocessing.stringLookup({ vocabulary: ['a'] }).call(['\ud83d'])).toThrow(
      /data must be strings that are well-formed, with no half of a surrogate pair/,
    );
  });
  test('of whole texts gives rows of a length that is asked for, as Keras', () => {
    const whole = { split: null, vocabulary: ['x', 'y'] } as const;
    const rows = preprocessing.textVectorization({ ...whole, outputSequenceLength: 2 });
    expect(rows.call([['x'], ['y'], ['z']]).toArray()).toEqual([
      [2, 0],
      [3, 0],
      [1, 0],
    ]);
    expect(rows.call(['x', 'z']).toArray()).toEqual([
      [2, 0],
      [1, 0],
    ]);
    const huge = preprocessing.textVectorization({ ...whole, outputSequenceLength: 2 ** 40 });
    expect(() => huge.call(['x'])).toThrow(/cannot allocate/);
  });
  test.each(texts)('$name: as Keras', async ({ config, seen, texts, vocabulary, outputs }) => {
    const words = preprocessing.textVectorization(config);
    await words.adapt(seen);
    expect(words.vocabulary).toEqual(vocabulary);
    const found = words.call(texts);
    expect(found.dtype).toBe(words.options.outputMode === 'int' ? 'int32' : 'float32');
    expectClose(found, outputs);
    // What was adapted is made again from its config.
    const again = preprocessing.textVectorization(words.getConfig());
    expect(again.call(texts).data).toEqual(found.data);
  });
  test('takes one text, and lists of one', () => {
    const words = preprocessing.textVectorization({ vocabulary: ['a', 'b'] });
    expect(words.call('b a c').toArray()).toEqual([3, 2, 1]);
    expect(words.call([['b'], ['a b']]).toArray()).toEqual([[3, 0], [2, 3]]); // biome-ignore format: as it is read
    expect(() => words.call([['a', 'b']])).toThrow(/lists of one each/);
  });
  test.each([
    [{ padToMaxTokens: true }, /^padToMaxTokens must be false/],
    [{ vocabulary: ['a', 'a'] }, /^vocabulary must be different/],
    [{ vocabulary: ['[UNK]'] }, /^vocabulary must be different/],
    [{ vocabulary: ['a'], outputMode: 'tfIdf' }, /^idfWeights must be given where/],
    [{ idfWeights: [1] }, /^idfWeights must be given with a vocabulary/],
    [{ vocabulary: ['a', 'b'], maxTokens: 3 }, /^vocabulary must be at most 1 tokens/],
    [{ ngrams: 0 }, /^ngrams must be an integer/],
  ] as const)('%o is refused', (options, message) => {
    expect(() => preprocessing.textVectorization(options)).toThrow(message);
  });
});

test('of lengths that no text has there are no n-grams', () => {
  const words = preprocessing.textVectorization({ vocabulary: ['a', 'b', 'a b'], ngrams: 1e9 });
  expect(words.call(['a b']).toArray()).toEqual([[2, 3, 4]]);
  expect(() => layers.integerLookup({ vocabulary: [1], numOovIndices: 1e9, invert: true })).toThrow(
    /^numOovIndices must be an integer between 0 and 16777216/,
  );
});

test('vectors of lookups have no place for the mask, so there is room for another token', async () => {
  const given = { maxTokens: 3, maskToken: '', outputMode: 'multiHot' } as const;
  const words = stringLookup(given);
  await words.adapt(['a', 'b', 'b', 'c', 'c', 'c']);
  expect(words.vocabulary).toEqual(['c', 'b']);
  expect(words.vocabularySize).toBe(3);
  expect(stringLookup({ ...given, vocabulary: ['a', 'b'] }).vocabularySize).toBe(3);
  expect(() => stringLookup({ ...given, outputMode: 'int', vocabulary: ['a', 'b'] })).toThrow(
    /at most 1 tokens/,
  );
});

test('lookups say how many indices they have', () => {
  const vocabulary = ['a', 'b', 'c'];
  expect(stringLookup({ vocabulary }).vocabularySize).toBe(4);
  expect(stringLookup({ vocabulary, maskToken: '', numOovIndices: 2 }).vocabularySize).toBe(6);
  expect(stringLookup({ vocabulary, maskToken: '', outputMode: 'count' }).vocabularySize).toBe(4);
  expect(layers.integerLookup({ vocabulary: [7, 8], maskToken: 0 }).vocabularySize).toBe(4);
  expect(layers.integerLookup().vocabularySize).toBe(1);
});

describe('textVectorization by functions', () => {
  const bare = function bare(text: string): string {
    return text.toLowerCase().replaceAll('<br />', ' ');
  };
  const byComma = function byComma(text: string): string[] {
    return text.split(',').map((part) => part.trim());
  };
  test('standardizes, splits and comes back with a model', async () => {
    const words = preprocessing.textVectorization({ standardize: bare, split: byComma });
    await words.adapt(['A<br />b, c', 'c, d']);
    expect(words.vocabulary).toEqual(['c', 'd', 'a b']);
    expect((words.call(['C,a b,x']) as Tensor).toArray()).toEqual([[2, 4, 1]]);
    const model = new Sequential([layers.input([3]), layers.dense(1)]);
    model.preprocessing.words = words;
    const path = join(folder, 'functions.safetensors');
    await model.save(path);
    const loaded = await loadModel(path, { custom: { bare, byComma } });
    const again = loaded.preprocessing.words as typeof words;
    expect((again.call(['C,a b,x']) as Tensor).toArray()).toEqual([[2, 4, 1]]);
    await expectFailure(() => loadModel(path), 'ERR_ARGUMENT', /'bare'/);
    model.preprocessing.words = preprocessing.textVectorization({
      standardize: [(text: string) => text][0],
    });
    await expectFailure(
      () => model.save(path),
      'ERR_ARGUMENT',
      /^cannot save: 'standardize' of preprocessing 'words' is a function without a name/,
    );
  });
  test('functions that give something else are refused', async () => {
    const vocabulary = ['a'];
    const one = preprocessing.textVectorization({ vocabulary, standardize: (() => 3) as never });
    await expectFailure(() => one.call(['a']), 'ERR_ARGUMENT', /^what standardize gives must be a string/);
    const other = preprocessing.textVectorization({ vocabulary, split: (() => 'a') as never });
    await expectFailure(
      () => other.call(['a']),
      'ERR_ARGUMENT',
      /^what split gives must be a list of strings/,
    );
  });
});

describe('stringLookup', () => {
  test('adapts as Keras', async () => {
    const lookup = stringLookup({ maxTokens: 4 });
    await lookup.adapt(adapted.items);
    expect(lookup.vocabulary).toEqual(adapted.vocabulary);
    await expect(stringLookup({ vocabulary: ['a'] }).adapt(['b'])).rejects.toThrow('cannot adapt');
    await expect(stringLookup().adapt(['[UNK]'])).rejects.toThrow('tokens besides maskToken and oovToken');
    expect(() => stringLookup().call(['a'])).toThrow('it has no vocabulary yet'.slice(3));
  });
  test('inverts, in lists of any depth', () => {
    const options = { vocabulary: ['a', 'b'], maskToken: '', numOovIndices: 2 };
    const inverse = stringLookup({ ...options, invert: true });
    expect(inverse.call([[0, 3], [1, 4]])).toEqual([['', 'a'], ['[UNK]', 'b']]); // biome-ignore format: as it is read
    expect(inverse.call(3)).toBe('a');
    const indices = stringLookup(options).call([
      [['a'], ['']],
      [['b'], ['a']],
    ]) as Tensor;
    expect([indices.shape, inverse.call(indices)]).toEqual([
      [2, 2, 1],
      [
        [['a'], ['']],
        [['b'], ['a']],
      ],
    ]);
  });
});

test('are saved beside the graph', async () => {
  const city = stringLookup();
  await city.adapt(['Bern', 'Genf', 'Bern']);
  class Upper extends preprocessing.Preprocessor {
    static override readonly className = 'Upper';
    override call(data: string) {
      return data.toUpperCase();
    }
  }
  const model = new Sequential([layers.input([1]), layers.dense(1)]);
  Object.assign(model.preprocessing, { city, user: hashing(10, { salt: 3 }), upper: new Upper() });
  const path = join(folder, 'model');
  await model.save(path);
  const { preprocessing: again } = await loadModel(path, { custom: { Upper } });
  expect(Object.keys(again)).toEqual(['city', 'user', 'upper']);
  for (const [name, data] of [
    ['city', ['Genf', 'Ulm']],
    ['user', ['a']],
    ['upper', 'x'],
  ] as const)
    expect(again[name]!.call(data as never)).toEqual(model.preprocessing[name]!.call(data as never));
  await expect(loadModel(path)).rejects.toThrow("the model has the preprocessor 'Upper'; pass it");
  model.preprocessing.odd = 3 as never;
  await expect(model.save(path)).rejects.toThrow("preprocessing 'odd' is no preprocessor");
});

test('of a model in a model come back too', async () => {
  const inner = new Sequential([layers.input([1]), layers.dense(1)]);
  inner.preprocessing.user = hashing(10);
  const path = join(folder, 'nested');
  await new Sequential([layers.input([1]), inner]).save(path);
  const [again] = (await loadModel(path)).layers as [typeof inner];
  expect(again.preprocessing.user?.getConfig()).toEqual(inner.preprocessing.user.getConfig());
});

test.each<[string, () => unknown, string | RegExp]>([
  ['no bins', () => hashing(0), /numBins must be an integer between 1 and/],
  ['an odd salt', () => hashing(3, { salt: [1] as never }), 'salt must be a whole number ≥ 0, or two'],
  ['an odd mask', () => hashing(3, { maskValue: 0.5 }), 'maskValue must be a string or a whole number'],
  ['an odd item', () => hashing(3).call([0.5]), 'data must be strings or whole numbers, received 0.5'],
  [
    'numbers as strings',
    () => stringLookup({ vocabulary: ['a'] }).call([3]),
    'data must be strings, received 3',
  ],
  ['uneven lists', () => stringLookup({ vocabulary: ['a'] }).call([['a'], []]), 'lists of equal lengths'],
  [
    'one twice',
    () => stringLookup({ vocabulary: ['a', 'a'] }),
    'vocabulary must be a list of different strings',
  ],
  ['the mask among them', () => stringLookup({ vocabulary: ['a', ''], maskToken: '' }), 'without maskToken'],
  [
    'too many',
    () => stringLookup({ vocabulary: ['a', 'b'], maxTokens: 2 }),
    'vocabulary must be at most 1 tokens',
  ],
  ['an unknown option', () => stringLookup({ vocab: ['a'] } as never), "StringLookup has no option 'vocab'"],
])('%s is an error', (_, run, says) => {
  expect(run).toThrow(says);
});
test('lists in themselves are an error', () => {
  const list: unknown[] = [];
  list.push(list);
  expect(() => hashing(3).call(list as never)).toThrow('nested at most 8 deep');
});
