/**
 * Steps before a model: strings and whole numbers to buckets and places, against Keras, and saved beside the graph.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { layers, loadModel, preprocessing, Sequential, type Tensor, tensor } from 'ridgeline';
import { afterAll, describe, expect, test } from 'vitest';
import { golden } from './support/golden.js';

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
const {
  cases,
  texts,
  adapted: [adapted],
} = golden<{
  cases: Case[];
  texts: Texts[];
  adapted: [{ items: string[]; vocabulary: string[] }];
}>('preprocessing');
const { hashing, stringLookup } = preprocessing;

test.each(cases)('$name: as Keras', ({ step, config, items, outputs }) => {
  const found =
    step === 'integerLookup'
      ? layers.integerLookup(config)(tensor(items as number[], { dtype: 'int32' }))
      : { hashing, stringLookup }[step](config).call(items as never);
  expect((found as Tensor).toArray()).toEqual(outputs);
});

describe('textVectorization', () => {
  test.each(texts)('$name: as Keras', async ({ config, seen, texts, vocabulary, outputs }) => {
    const words = preprocessing.textVectorization(config);
    await words.adapt(seen);
    expect(words.vocabulary).toEqual(vocabulary);
    const found = words.call(texts);
    expect(found.dtype).toBe(words.options.outputMode === 'int' ? 'int32' : 'float32');
    const expected = tensor(outputs);
    expect(found.shape).toEqual(expected.shape);
    for (const [i, value] of found.data.entries()) expect(value).toBeCloseTo(expected.data[i] as number, 5);
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
