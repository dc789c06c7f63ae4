/**
 * The exported file: what it says of itself, its names, and what is refused.
 */
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { InferenceSession } from 'onnxruntime-node';
import {
  input,
  Layer,
  layers,
  Model,
  RidgelineError,
  readOnnxMetadata,
  runtime,
  Sequential,
  type SymbolicTensor,
  tensor,
} from 'ridgeline';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { namesIn } from '../support/onnx.js';

function net(): Sequential {
  const hidden = [layers.dense(5, { activation: 'relu' }), layers.batchNormalization(), layers.dropout(0.5)];
  return new Sequential([input([4], { name: 'features' }), ...hidden, layers.dense(3, { name: 'class' })], {
    name: 'net',
  });
}

async function failure(work: Promise<unknown>): Promise<RidgelineError> {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(RidgelineError);
  return error as RidgelineError;
}

describe('metadata', () => {
  test('says who wrote it, and for which runtimes', async () => {
    const of = readOnnxMetadata(await net().export());
    expect(of.producer).toBe('ridgeline');
    expect(of.irVersion).toBe(8);
    expect(of.opset).toBe(17);
    expect(of.doc).toBe('net: 63 parameters, trained with ridgeline');
    expect(of.metadata).toEqual({ ridgeline_version: runtime().version });
  });

  test.each([17, 18, 21, 25])('opset %i as asked for', async (opset) => {
    expect(readOnnxMetadata(await net().export({ opset })).opset).toBe(opset);
  });

  test('a dense layer is one Gemm, and dropout is nothing', async () => {
    const { ops } = readOnnxMetadata(await net().export());
    expect(ops).toEqual(['Gemm', 'Relu', 'BatchNormalization', 'Gemm']);
  });

  test('bytes that are no model are ERR_IO', () => {
    expect(() => readOnnxMetadata(Uint8Array.of(1, 2, 3))).toThrow(
      expect.objectContaining({ code: 'ERR_IO' }),
    );
  });
});

describe('names', () => {
  test('of weights and layers are kept', async () => {
    const { graph, nodes, initializers } = namesIn(await net().export());
    expect(graph).toBe('net');
    expect(initializers).toEqual([
      'dense/kernel',
      'dense/bias',
      'batch_normalization/gamma',
      'batch_normalization/beta',
      'batch_normalization/moving_mean',
      'batch_normalization/moving_variance',
      'class/kernel',
      'class/bias',
    ]);
    expect(nodes).toEqual([
      'dense/Gemm',
      'dense/Relu',
      'batch_normalization/BatchNormalization',
      'class/Gemm',
    ]);
  });

  test('of inputs, outputs and free sizes are what users know', async () => {
    const session = await InferenceSession.create(await net().export());
    expect(session.inputNames).toEqual(['features']);
    expect(session.outputNames).toEqual(['class']);
    expect(session.inputMetadata[0]).toMatchObject({
      name: 'features',
      type: 'float32',
      shape: ['batch', 4],
    });
    expect(session.outputMetadata[0]).toMatchObject({ name: 'class', type: 'float32', shape: ['batch', 3] });
    await session.release();
  });

  test.each([
    [
      [undefined, undefined, undefined],
      ['input', 'input_1', 'input_2'],
    ],
    [
      ['input_1', undefined, undefined],
      ['input_1', 'input', 'input_2'],
    ],
    [
      [undefined, 'input', 'x'],
      ['input_1', 'input', 'x'],
    ],
  ])('inputs %o are %o', async (given, names) => {
    const inputs = given.map((name) => input([2], name ? { name } : {}));
    const session = await InferenceSession.create(
      await new Model({ inputs, outputs: layers.add(inputs) }).export(),
    );
    expect(session.inputNames).toEqual(names);
    await session.release();
  });

  test('of two inputs must differ', () => {
    const inputs = [input([2], { name: 'a' }), input([2], { name: 'a' })];
    expect(() => new Model({ inputs, outputs: layers.add(inputs) })).toThrow("two inputs are called 'a'");
  });
});

describe('bytes', () => {
  test('are the same every time', async () => {
    const model = net();
    expect(await model.export()).toEqual(await model.export());
  });

  test('change with a weight', async () => {
    const model = net();
    const before = await model.export();
    model.setWeights(
      model.getWeights().map(({ data, shape }) =>
        tensor(
          data.map((x) => x + 1),
          { shape },
        ),
      ),
    );
    const after = await model.export();
    expect(after).not.toEqual(before);
    expect(after.length).toBe(before.length);
  });
});

describe('a path', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'ridgeline-onnx-'));
  });
  afterAll(() => rm(folder, { recursive: true }));

  test('gets the same bytes, and nothing is left beside it', async () => {
    const model = net();
    await model.export(join(folder, 'net.onnx'));
    expect(new Uint8Array(await readFile(join(folder, 'net.onnx')))).toEqual(await model.export());
    expect(await readdir(folder)).toEqual(['net.onnx']);
  });

  test('that cannot be written is ERR_IO', async () => {
    const error = await failure(net().export(join(folder, 'missing', 'net.onnx')));
    expect(error.code).toBe('ERR_IO');
    expect(error.details.argument).toBe('path');
  });
});

describe('what is refused', () => {
  test.each([16, 26, 17.5, Number.NaN])('opset %d is ERR_ARGUMENT', async (opset) => {
    expect((await failure(net().export({ opset }))).code).toBe('ERR_ARGUMENT');
  });

  test('a layer that drops out while predicting, by name', async () => {
    const x = input([4]);
    const dropped = layers.dropout(0.5, { name: 'always' })(x, { training: true });
    const error = await failure(new Model({ inputs: x, outputs: layers.dense(2)(dropped) }).export());
    expect(error).toMatchObject({ code: 'ERR_EXPORT', details: { layer: 'always' } });
    expect(error.message).toMatch(/layer 'always'.*dropout/);
  });

  test('batch statistics while predicting, by the path of the layer', async () => {
    class Block extends Layer {
      readonly #norm = layers.batchNormalization({ name: 'norm' });
      override call(x: SymbolicTensor): SymbolicTensor {
        return this.#norm(x, { training: true });
      }
    }
    const error = await failure(new Sequential([input([4]), new Block({ name: 'block' })]).export());
    expect(error).toMatchObject({ code: 'ERR_EXPORT', details: { layer: 'block/norm' } });
  });

  test('a model without an input', async () => {
    expect((await failure(new Sequential([layers.dense(2)]).export())).code).toBe('ERR_ARGUMENT');
  });
});
