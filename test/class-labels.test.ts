/**
 * Names of classes, and steps before a model, in files and in predictions.
 */
import { mkdtemp, readdir, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  input,
  layers,
  loadModel,
  Model,
  preprocessing,
  readOnnxMetadata,
  Sequential,
  type SymbolicTensor,
  tensor,
} from 'ridgeline';
import { describe, expect, test } from 'vitest';
import { runtimeOutputs } from './support/onnx.js';
import { numbers } from './support/small.js';

const folder = (): Promise<string> => mkdtemp(join(tmpdir(), 'ridgeline-labels-'));
const x = numbers(6, 4).reshape([6, 4]);

function classifier(): Sequential {
  const model = new Sequential([input([4]), layers.dense(3, { activation: 'softmax' })]);
  model.classLabels = ['cat', 'dog', 'bird'];
  return model;
}

describe('class labels', () => {
  test('cannot be changed behind the model', () => {
    const { classLabels } = classifier();
    expect(() => (classLabels as string[]).push('fish')).toThrow(TypeError);
  });
  test('are what is predicted, saved and exported', async () => {
    const model = classifier();
    const classes = [...(await model.predict(x)).argMax().data];
    const expected = classes.map((at) => ['cat', 'dog', 'bird'][at]);
    expect(await model.predictLabels(x)).toEqual(expected);
    const path = join(await folder(), 'model');
    await model.save(path);
    expect((await loadModel(path)).classLabels).toEqual(['cat', 'dog', 'bird']);
    const bytes = await model.export({ labels: true });
    const { metadata } = readOnnxMetadata(bytes);
    expect(JSON.parse(metadata.class_labels as string)).toEqual({ dense: ['cat', 'dog', 'bird'] });
    const outputs = await runtimeOutputs(bytes, { input: x }, 'all');
    expect(outputs.dense_label?.data).toEqual(expected);
    const plain = await runtimeOutputs(await model.export(), { input: x }, 'all');
    expect(Object.keys(plain)).toEqual(['dense']);
  });
  test('of a single number, of positions, and of outputs by name', async () => {
    const x = input([5, 4]);
    const outputs = [
      layers.dense(3, { name: 'kind' })(x),
      layers.dense(1, { activation: 'sigmoid', name: 'kept' })(
        layers.globalAveragePooling1d()(x as never) as never,
      ),
    ] as SymbolicTensor[];
    const model = new Model({ inputs: x, outputs });
    model.classLabels = { kept: ['no', 'yes'], kind: ['a', 'b', 'c'] };
    const data = numbers(2, 20).reshape([2, 5, 4]);
    const [kind, kept] = await model.predict(data);
    const found = await runtimeOutputs(await model.export({ labels: true }), { input: data }, 'disabled');
    expect(found.kept_label?.data).toEqual([...kept!.data].map((p) => (p > 0.5 ? 'yes' : 'no')));
    expect(found.kind_label?.dims).toEqual([2, 5]);
    expect(found.kind_label?.data).toEqual([...kind!.argMax().data].map((at) => ['a', 'b', 'c'][at]));
    model.classLabels = { kind: ['a', 'b', 'c'] };
    const nested = (await model.predictLabels(data)) as string[][];
    expect(nested.flat()).toEqual(found.kind_label?.data);
    expect(nested.map((row) => row.length)).toEqual([5, 5]);
  });
  test('that do not fit are refused', async () => {
    const model = classifier();
    expect(() => (model.classLabels = ['one', 'two'])).toThrow(/3 names for output 'dense'/);
    expect(() => (model.classLabels = ['one', 'one', 'two'])).toThrow(/different names/);
    expect(() => (model.classLabels = 5 as never)).toThrow(/different names/);
    expect(() => (model.classLabels = { other: ['a', 'b', 'c'] })).toThrow(/names of classes of dense/);
    expect(model.classLabels).toEqual(['cat', 'dog', 'bird']);
    model.classLabels = undefined;
    await expect(model.predictLabels(x)).rejects.toThrow(/classLabels/);
    await expect(model.export({ labels: true })).rejects.toThrow(/labels must be false without classLabels/);
    const open = new Sequential([layers.dense(2)]);
    open.classLabels = ['a', 'b', 'c'];
    await expect(open.predictLabels([[1], [2]])).rejects.toThrow(/2 names/);
  });
});

test('steps before a model stand beside its ONNX file', async () => {
  const words = preprocessing.textVectorization({ vocabulary: ['good', 'bad'] });
  const model = new Sequential([
    input({ shape: [null], dtype: 'int32' }),
    layers.embedding(words.vocabularySize, 4),
    layers.globalAveragePooling1d(),
    layers.dense(1),
  ]);
  const home = await folder();
  await model.export(join(home, 'plain.onnx'));
  model.preprocessing.words = words;
  await model.export(join(home, 'reviews.onnx'));
  expect((await readdir(home)).sort()).toEqual(['plain.onnx', 'reviews.onnx', 'reviews.preprocessing.json']);
  const steps = JSON.parse(await readFile(join(home, 'reviews.preprocessing.json'), 'utf8'));
  expect(steps.words.name).toBe('TextVectorization');
  expect(steps.words.config.vocabulary).toEqual(['good', 'bad']);
  expect(tensor(words.call(['bad good']).data as never).toArray()).toEqual([3, 2]);
});
