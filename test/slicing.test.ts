/**
 * Parts of models: new models between tensors that there are, what a layer was called on and gave, and what a model may
 * be made of.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { InferenceSession } from 'onnxruntime-node';
import {
  input,
  type Layer,
  layers,
  loadModel,
  Model,
  ops,
  Sequential,
  type SymbolicTensor,
  setRandomSeed,
} from 'ridgeline';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { expectSameInRuntime } from './support/onnx.js';
import { bits, expectFailure, numbers, x, y } from './support/small.js';

const folder = mkdtempSync(join(tmpdir(), 'ridgeline-slicing-'));
afterAll(() => rmSync(folder, { recursive: true }));
beforeEach(() => setRandomSeed(4));

const stack = (): Sequential =>
  new Sequential([
    input([4]),
    layers.dense(3, { activation: 'tanh' }),
    layers.batchNormalization(),
    layers.dense(1),
  ]) as Sequential;

describe('a part of a model', () => {
  test('from an inner tensor on gives what the rest gives', async () => {
    const at = input([4]);
    const [first, last] = [layers.dense(3, { activation: 'tanh' }), layers.dense(2)];
    const hidden = first(at);
    const outputs = last(hidden);
    const whole = new Model({ inputs: at, outputs });
    const head = new Model({ inputs: at, outputs: hidden });
    const tail = new Model({ inputs: hidden, outputs });
    expect(tail.inputs[0]?.shape).toEqual([null, 3]);
    expect(tail.layers).toEqual([last]);
    expect(tail.weights).toEqual(last.weights);
    const between = await head.predict(x);
    expect(await tail.predict(between)).toEqual(await whole.predict(x));
    expect(tail.predictSync(between)).toEqual(whole.predictSync(x));
  });

  test('trains the layers that it has, which are the same ones', async () => {
    const model = stack();
    const tail = new Model({ inputs: (model.layers[0] as Layer).output, outputs: model.outputs[0] as never });
    const before = bits(model as Model);
    await tail.compile({ optimizer: 'sgd', loss: 'mse' }).fit(numbers(10, 3), y);
    const after = bits(model as Model);
    // A kernel [4, 3] and its bias come first.
    expect(after.slice(0, 15)).toEqual(before.slice(0, 15));
    expect(after.slice(15)).not.toEqual(before.slice(15));
  });

  test('of a Sequential up to one of its layers is saved, loaded and exported', async () => {
    const model = stack();
    const features = new Model({
      inputs: model.inputs as SymbolicTensor[],
      outputs: (model.layers[1] as Layer).output,
    });
    const expected = (model.layers[1] as Layer)((model.layers[0] as Layer)(x) as never) as unknown as {
      data: Float32Array;
      shape: number[];
    };
    expect(await features.predict(x)).toBeAllclose(expected);
    const path = join(folder, 'features');
    await features.save(path);
    const loaded = await loadModel(path);
    expect(loaded.predictSync(x)).toEqual(features.predictSync(x));
    expect(loaded.layers.map(({ name }) => name)).toEqual(['dense', 'batch_normalization']);
    await expectSameInRuntime(features);
  });

  test('between two inner tensors is saved, loaded and exported', async () => {
    const model = stack();
    const middle = new Model({
      inputs: (model.layers[1] as Layer).input,
      outputs: (model.layers[2] as Layer).output,
    });
    const path = join(folder, 'middle');
    await middle.save(path);
    expect((await loadModel(path)).predictSync(numbers(5, 3))).toEqual(middle.predictSync(numbers(5, 3)));
    await expectSameInRuntime(middle);
  });
});

describe('input and output of a layer', () => {
  test('that was called once are what it was called on and gave', () => {
    const at = input([4]);
    const [dense, add] = [layers.dense(4), layers.add()];
    const hidden = dense(at);
    const sum = add([hidden, at]);
    expect([dense.input, dense.output]).toEqual([at, hidden]);
    expect(dense.input).toBe(at);
    expect(dense.output).toBe(hidden);
    expect(add.input[0]).toBe(hidden);
    expect(add.input[1]).toBe(at);
    expect(add.output).toBe(sum);
  });

  test('in a Sequential join its ends, after add too', () => {
    const model = stack();
    const ends = (): void => {
      expect(model.layers[0]?.input).toBe(model.inputs[0]);
      expect(model.layers.at(-1)?.output).toBe(model.outputs[0]);
      model.layers.slice(1).forEach((layer, i) => {
        expect(layer.input).toBe(model.layers[i]?.output);
      });
    };
    ends();
    model.add(layers.dense(2));
    ends();
  });

  test('are errors unless it was called once', async () => {
    const [at, dense] = [input([4]), layers.dense(4, { name: 'd' })];
    for (const key of ['input', 'output'] as const)
      await expectFailure(() => dense[key], 'ERR_ARGUMENT', /^layer 'd' was not called yet/);
    // On numbers is no call of the functional API.
    dense(x);
    await expectFailure(() => dense.output, 'ERR_ARGUMENT', /not called yet/);
    dense(dense(at));
    for (const key of ['input', 'output'] as const)
      await expectFailure(() => dense[key], 'ERR_ARGUMENT', /^layer 'd' was called several times/);
  });
});

describe('inputs that no output uses', () => {
  const unused = (): Model => {
    const inputs = ['a', 'b', 'c'].map((name) => input([4], { name }));
    return new Model({ inputs, outputs: layers.dense(1)(inputs[1] as SymbolicTensor) });
  };

  test('stay in the exported file', async () => {
    const model = unused();
    expect(model.inputNames).toEqual(['a', 'b', 'c']);
    const session = await InferenceSession.create(await model.export(), { logSeverityLevel: 3 });
    expect([...session.inputNames].sort()).toEqual(['a', 'b', 'c']);
    await session.release();
    await expectSameInRuntime(model);
  });

  test('are asked for and change nothing', async () => {
    const model = unused().compile({ loss: 'mse' }) as Model;
    const [one, other] = [numbers(10, 4), numbers(10, 4)];
    other.data.fill(7);
    const predicted = model.predictSync({ a: one, b: x, c: one });
    expect(model.predictSync({ a: other, b: x, c: other })).toEqual(predicted);
    expect((await model.fit({ a: one, b: x, c: one }, y)).history.loss).toHaveLength(1);
    await expectFailure(() => model.predict({ a: one, b: x }), 'ERR_ARGUMENT', /^x lacks 'c'/);
  });
});

describe('the batch', () => {
  test.each<[name: string, of: (at: SymbolicTensor) => unknown]>([
    ['transposed', (at) => ops.transpose(at)],
    ['summed over', (at) => ops.sum(at, { axis: 0 })],
    ['summed over, with the axis kept', (at) => ops.sum(at, { axis: 0, keepdims: true })],
    ['summed over with all others', (at) => ops.mean(at)],
  ])('has to be the first axis of an output: %s', async (_, of) => {
    const at = input([4]);
    const make = (): unknown => new Model({ inputs: at, outputs: of(at) as SymbolicTensor });
    await expectFailure(make, 'ERR_SHAPE', /batch|rows|first axis/);
  });

  test('may be reshaped: for any batch size all rows are there, in order', async () => {
    const at = input([4]);
    const model = new Model({ inputs: at, outputs: ops.reshape(at, [-1, 2]) as SymbolicTensor });
    const rows = numbers(33, 4);
    const whole = await model.predict(rows, { batchSize: 33 });
    expect(whole.shape).toEqual([66, 2]);
    expect(whole.data).toEqual(rows.data);
    for (const batchSize of [32, 1]) {
      expect(await model.predict(rows, { batchSize })).toEqual(whole);
      expect(model.predictSync(rows, { batchSize })).toEqual(whole);
    }
  });
});

describe('a Sequential', () => {
  test('that begins with a model that knows its input is built', () => {
    const model = new Sequential([stack(), layers.dense(2)]);
    expect(model.built).toBe(true);
    expect(model.weights).toHaveLength(10);
    expect([model.inputs[0]?.shape, model.outputs[0]?.shape]).toEqual([
      [null, 4],
      [null, 2],
    ]);
    expect(model.predictSync(x).shape).toEqual([10, 2]);
    const at = input([3], { dtype: 'int32' });
    const whole = new Sequential([new Model({ inputs: at, outputs: layers.rescaling(2)(at) })]);
    expect(whole.inputs[0]?.dtype).toBe('int32');
  });

  test('is built for other sizes by no build', async () => {
    const model = stack();
    for (const shape of [
      [3, 4],
      [null, 4],
      [null, null],
    ])
      model.build(shape);
    expect(model.weights).toHaveLength(8);
    for (const shape of [[3, 5], [3, 4, 1], [4], []])
      await expectFailure(() => model.build(shape), 'ERR_SHAPE', /inputShape must .*\[\?, 4\]/);
    const open = new Sequential([layers.dense(2)]);
    open.build([null, 5]);
    expect(open.weights.map(({ shape }) => shape)).toEqual([[5, 2], [2]]);
    await expectFailure(() => open.build([null, 4]), 'ERR_SHAPE', /\[\?, 5\]/);
    await expectFailure(
      () => new Sequential([input([2]), layers.dense(1)]).build([3, 4]),
      'ERR_SHAPE',
      /\[\?, 2\].*\[3, 4\]/,
    );
  });

  test('cannot be added to itself', async () => {
    for (const model of [stack(), new Sequential([layers.dense(2)]), new Sequential()]) {
      const before = [...model.layers];
      await expectFailure(() => model.add(model), 'ERR_ARGUMENT', /another model than this one/);
      expect(model.layers).toEqual(before);
    }
  });
});
