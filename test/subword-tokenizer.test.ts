/**
 * Subword tokens: a small byte-pair tokenizer in Hugging Face's format, beside a model and in its files.
 */
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { input, layers, loadModel, preprocessing, Sequential } from 'ridgeline';
import { expect, test } from 'vitest';

/** Letters, and what becomes of `l o`, `lo w` and `e r`, as `tokenizer.json` has it. */
const TOKENIZER = {
  version: '1.0',
  added_tokens: [
    {
      id: 0,
      content: '[PAD]',
      special: true,
      single_word: false,
      lstrip: false,
      rstrip: false,
      normalized: false,
    },
  ],
  normalizer: { type: 'Lowercase' },
  pre_tokenizer: { type: 'Whitespace' },
  post_processor: null,
  decoder: null,
  model: {
    type: 'BPE',
    dropout: null,
    unk_token: '[UNK]',
    continuing_subword_prefix: null,
    end_of_word_suffix: null,
    fuse_unk: false,
    vocab: { '[PAD]': 0, '[UNK]': 1, l: 2, o: 3, w: 4, e: 5, r: 6, lo: 7, low: 8, er: 9 },
    merges: ['l o', 'lo w', 'e r'],
  },
};

test('texts become rows of pieces', () => {
  const pieces = preprocessing.subwordTokenizer({ tokenizer: TOKENIZER });
  expect(pieces.vocabularySize).toBe(10);
  expect(pieces.call(['Lower low', 'lo x']).toArray()).toEqual([
    [8, 9, 8],
    [7, 1, 0],
  ]);
  expect(pieces.call('lower').toArray()).toEqual([8, 9]);
  const cut = preprocessing.subwordTokenizer({ tokenizer: TOKENIZER, outputSequenceLength: 2, padToken: 5 });
  expect(cut.call(['lower low', 'lo']).toArray()).toEqual([
    [8, 9],
    [7, 5],
  ]);
  expect(pieces.decode(pieces.call('low'))).toBe('low');
  expect(pieces.decode([])).toBe('');
});

test('they are saved with a model', async () => {
  const pieces = preprocessing.subwordTokenizer({ tokenizer: TOKENIZER, outputSequenceLength: 4 });
  const model = new Sequential([
    input({ shape: [4], dtype: 'int32' }),
    layers.embedding(pieces.vocabularySize, 3, { maskZero: true }),
    layers.globalAveragePooling1d(),
  ]);
  model.preprocessing.pieces = pieces;
  const path = join(await mkdtemp(join(tmpdir(), 'ridgeline-')), 'model');
  await model.save(path);
  const loaded = await loadModel(path);
  const again = loaded.preprocessing.pieces as typeof pieces;
  expect(again.call(['lower', 'x']).toArray()).toEqual(pieces.call(['lower', 'x']).toArray());
});

test('bad input', () => {
  const pieces = preprocessing.subwordTokenizer({ tokenizer: TOKENIZER });
  expect(() => pieces.call([1] as never)).toThrow(/strings/);
  expect(() => pieces.call([['a']])).toThrow(/a text, or a list of them/);
  expect(() => pieces.decode([-1])).toThrow(/indices ≥ 0/);
  for (const indices of [null, 'a', { length: 2 ** 32 }, [2 ** 31], [Symbol('a')]])
    expect(() => pieces.decode(indices as never)).toThrow(/^indices must be a list of indices ≥ 0/);
  expect(() => preprocessing.subwordTokenizer(5 as never)).toThrow(/tokenizer must be an object/);
  expect(() => preprocessing.subwordTokenizer({ tokenizer: { model: { type: 'None' } } })).toThrow(
    /what tokenizer.json holds/,
  );
  expect(() => preprocessing.subwordTokenizer({ tokenizer: TOKENIZER, padToken: -1 })).toThrow(/padToken/);
  const large = structuredClone(TOKENIZER);
  const { vocab } = large.model as { vocab: Record<string, number> };
  for (const token of Object.keys(vocab)) vocab[token] = (vocab[token] as number) + 2 ** 31;
  const beyond = preprocessing.subwordTokenizer({ tokenizer: large });
  expect(() => beyond.call(['lower'])).toThrow(/^tokenizer must be one whose indices are integers/);
});
