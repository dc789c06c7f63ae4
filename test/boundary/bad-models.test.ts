/**
 * Bad models, files and moments: layers that do not connect, foreign files, use after dispose, fit while fitting.
 */
import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  callbacks,
  input,
  Layer,
  layers,
  loadModel,
  Model,
  ops,
  readOnnxMetadata,
  Sequential,
  type SymbolicTensor,
  tensor,
} from 'ridgeline';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Case, table } from '../support/cases.js';
import { expectFailure, expectTrains, failure, heavy, numbers, regression, x, y } from '../support/small.js';

const folder = mkdtempSync(join(tmpdir(), 'ridgeline-bad-'));
const file = (name: string): string => join(folder, name);
afterAll(() => rmSync(folder, { recursive: true }));

/** A safetensors file with that metadata and no tensors. */
function foreign(metadata: object): Buffer {
  const header = Buffer.from(JSON.stringify({ __metadata__: metadata }));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(header.length));
  return Buffer.concat([length, header]);
}

describe('structure', () => {
  class Odd extends Layer {
    static override readonly className = 'Odd';
    override call(a: SymbolicTensor): SymbolicTensor {
      return ops.add(a, tensor([1, 2, 3])) as SymbolicTensor;
    }
  }
  class Outer extends Layer {
    static override readonly className = 'Outer';
    readonly #odd = new Odd();
    override call(a: SymbolicTensor): SymbolicTensor {
      return this.#odd(a);
    }
  }
  const h = (name?: string): SymbolicTensor => input([4], name === undefined ? {} : { name });
  const cases: Case[] = [
    {
      name: 'sizes that do not connect',
      run: () => layers.add()([layers.dense(3)(h()), layers.dense(4)(h())]),
      code: 'ERR_SHAPE',
      says: /layer 'add'.*\[\?, 3\].*\[\?, 4\]/,
    },
    {
      name: 'a layer used again on another width',
      run: () => {
        const d = layers.dense(2, { name: 'd' });
        d(h());
        d(input([5]));
      },
      code: 'ERR_SHAPE',
      says: /layer 'd'/,
    },
    {
      name: 'reshape to another size',
      run: () => layers.reshape([3])(h()),
      code: 'ERR_SHAPE',
      says: /layer 'reshape'.*3/,
    },
    { name: 'own layer', run: () => new Odd()(h()), code: 'ERR_SHAPE', says: /layer 'odd'/ },
    {
      name: 'inner layer by its path',
      run: () => new Outer()(h()),
      code: 'ERR_SHAPE',
      says: /layer 'outer\/odd'/,
    },
    {
      name: 'add what does not connect',
      run: (m) => m.add(layers.reshape([7])),
      code: 'ERR_SHAPE',
      says: /layer 'reshape'/,
    },
    {
      name: 'add a layer twice',
      run: (m) => m.add(m.layers[0]),
      code: 'ERR_ARGUMENT',
      says: /layers\[2\] must be a layer that is not in the model yet, received 'dense'/,
    },
    {
      name: 'add a name',
      run: (m) => m.add('dense'),
      code: 'ERR_ARGUMENT',
      says: /layers\[2\] must be a layer, received 'dense'/,
    },
    {
      name: 'two layers of one name',
      run: () => new Sequential([h(), layers.dense(1, { name: 'd' }), layers.dense(1, { name: 'd' })]),
      code: 'ERR_ARGUMENT',
      says: /two layers are called 'd'/,
    },
    {
      name: 'add a layer of a name that is taken',
      run: (m) => m.add(layers.dense(1, { name: 'p' })).add(layers.dense(1, { name: 'p' })),
      code: 'ERR_ARGUMENT',
      says: /two layers are called 'p'/,
    },
    {
      name: 'output of another input',
      run: () => new Model({ inputs: h('a'), outputs: layers.dense(1)(h('b')) }),
      code: 'ERR_ARGUMENT',
      says: /outputs depend on an input 'b' that is not among inputs/,
    },
    {
      name: 'output that is no tensor',
      run: () => new Model({ inputs: h(), outputs: 1 as never }),
      code: 'ERR_ARGUMENT',
      says: /^outputs must be symbolic tensors/,
    },
    {
      name: 'input that is computed',
      run: () => {
        const a = layers.dense(1)(h());
        new Model({ inputs: a, outputs: layers.dense(1)(a) });
      },
      code: 'ERR_ARGUMENT',
      says: /^inputs must be tensors made by input\(\)/,
    },
    {
      name: 'misspelt option',
      run: () => new Model({ inputs: h(), output: h() } as never),
      code: 'ERR_ARGUMENT',
      says: /Model has no option 'output'; did you mean 'outputs'/,
    },
    {
      name: 'input of size 0',
      run: () => input([0]),
      code: 'ERR_ARGUMENT',
      says: /^shape must be a list of sizes ≥ 1 and null, received \[0\]/,
    },
    {
      name: 'input of another type',
      run: () => input([1], { dtype: 'float64' as never }),
      code: 'ERR_DTYPE',
      says: /'float64'/,
    },
    {
      name: 'dense on an unknown width',
      run: () => layers.dense(1)(input([null])),
      code: 'ERR_SHAPE',
      says: /layer 'dense': weight 'kernel' needs known sizes, received \[\?, 1\]/,
    },
    {
      name: 'layer called with a number',
      run: () => (layers.dense(1) as unknown as (n: number) => void)(3),
      code: 'ERR_ARGUMENT',
      says: /layer 'dense' expects tensors, received 3/,
    },
    {
      name: 'layer called with nothing',
      run: () => (layers.dense(1) as unknown as () => void)(),
      code: 'ERR_ARGUMENT',
      says: /layer 'dense' expects tensors, received nothing/,
    },
    {
      name: 'unknown call option',
      run: () => layers.dense(1)(x, { trainig: true } as never),
      code: 'ERR_ARGUMENT',
      says: /no option 'trainig'; did you mean 'training'/,
    },
    {
      name: 'getLayer of an unknown name',
      run: (m) => m.getLayer('dens'),
      code: 'ERR_ARGUMENT',
      says: /^layer must be one of dense, dense_1, received 'dens'/,
    },
    { name: 'getLayer beyond the end', run: (m) => m.getLayer(9), code: 'ERR_ARGUMENT', says: /received 9/ },
    {
      name: 'custom loss that gives a number',
      run: () =>
        regression()
          .compile({ loss: (() => 1) as never })
          .fit(x, y),
      code: 'ERR_ARGUMENT',
      says: /^loss must be a function that gives a symbolic tensor, received 1/,
    },
    {
      name: 'weights for a custom loss of rank 0',
      run: () =>
        regression()
          .compile({ loss: (a, b) => ops.mean(ops.sub(a, b)) as SymbolicTensor })
          .fit(x, y, { sampleWeight: y }),
      code: 'ERR_SHAPE',
      says: /the loss must give a value for each sample .*received a scalar/,
    },
    {
      name: 'custom loss of another type',
      run: () =>
        regression()
          .compile({ loss: (a, b) => ops.greater(a, b) as SymbolicTensor })
          .fit(x, y),
      code: 'ERR_DTYPE',
      says: /the loss must give float32, received bool/,
    },
    {
      name: 'custom regularizer that is no scalar',
      run: () =>
        new Sequential([h(), layers.dense(1, { kernelRegularizer: (w) => ops.square(w) })])
          .compile({ loss: 'mse' })
          .fit(x, y),
      code: 'ERR_SHAPE',
      says: /a custom regularizer must give a scalar/,
    },
    {
      name: 'not compiled: fit',
      run: () => new Sequential([layers.dense(1)]).fit(x, y),
      code: 'ERR_NOT_COMPILED',
      says: /model 'sequential' must be compiled first/,
    },
    {
      name: 'not compiled: evaluate',
      run: () => new Sequential([layers.dense(1)]).evaluate(x, y),
      code: 'ERR_NOT_COMPILED',
      says: /compiled/,
    },
    {
      name: 'not compiled: trainOnBatch',
      run: () => new Sequential([layers.dense(1)]).trainOnBatch(x, y),
      code: 'ERR_NOT_COMPILED',
      says: /compiled/,
    },
    {
      name: 'no input yet: export',
      run: () => new Sequential([layers.dense(1)]).export(),
      code: 'ERR_ARGUMENT',
      says: /no input yet/,
    },
    {
      name: 'no layers',
      run: () => new Sequential([]).predict(x),
      code: 'ERR_ARGUMENT',
      says: /no input yet|no layers/,
    },
  ];
  table(cases);

  test('a failed add leaves the list as it was', async () => {
    const model = new Sequential([input([4]), layers.dense(2, { name: 'd' })]);
    await expectFailure(() => model.add(layers.reshape([7])), 'ERR_SHAPE', /reshape/);
    await expectFailure(() => model.add(layers.dense(1, { name: 'd' })), 'ERR_ARGUMENT', /two layers/);
    expect(model.layers.map((l) => l.name)).toEqual(['d']);
    await expectTrains(model.add(layers.dense(1)).compile({ loss: 'mse' }) as Model);
  });

  test('a first fit on data that does not fit does not settle the input', async () => {
    const model = new Sequential([
      layers.dense(4),
      layers.reshape([2, 2]),
      layers.flatten(),
      layers.dense(1),
    ]).compile({ loss: 'mse' });
    await expectFailure(() => model.fit(numbers(10, 4), numbers(9, 1)), 'ERR_SHAPE', /y has 9 rows/);
    await expectTrains(model as Model);
  });
});

describe('files', () => {
  beforeAll(async () => {
    await regression().save(file('whole'));
    const bytes = readFileSync(file('whole'));
    writeFileSync(file('half'), bytes.subarray(0, bytes.length / 2));
    writeFileSync(file('head'), bytes.subarray(0, 5));
    writeFileSync(
      file('flipped'),
      bytes.map((b, i) => (i >= 8 && i < 40 ? b ^ 0x55 : b)),
    );
    writeFileSync(file('long'), Buffer.concat([bytes, Buffer.from('tail')]));
    writeFileSync(file('empty'), '');
    writeFileSync(file('text'), 'layers: dense');
    writeFileSync(file('foreign'), foreign({ format: 'pt' }));
    const [key] = Object.keys(
      JSON.parse(
        readFileSync(file('whole'))
          .subarray(8, 8 + Number(bytes.readBigUInt64LE()))
          .toString(),
      ).__metadata__,
    ) as [string];
    writeFileSync(file('hollow'), foreign({ [key]: '{"format":1}' }));
    writeFileSync(file('future'), foreign({ [key]: '{"format":99}' }));
    writeFileSync(file('broken'), foreign({ [key]: '{"format":1,' }));
    const cut = file('cut');
    writeFileSync(cut, bytes);
    truncateSync(cut, bytes.length - 1);
  });
  const load = (name: string, says: RegExp): Case => ({
    name,
    run: () => loadModel(file(name)),
    code: 'ERR_IO',
    says,
  });
  table([
    load('missing', /missing/),
    ...['half', 'head', 'flipped', 'long', 'empty', 'text', 'foreign', 'hollow', 'broken', 'cut'].map((n) =>
      load(n, new RegExp(n)),
    ),
    load('future', /future.*format 99, this version reads 1/),
    { name: 'a folder', run: () => loadModel(folder), code: 'ERR_IO', says: /ridgeline-bad/ },
    {
      name: 'no path',
      run: () => loadModel(''),
      code: 'ERR_ARGUMENT',
      says: /^path must be a file name, received ''/,
    },
    {
      name: 'unknown option',
      run: () => loadModel('a', { layer: [] } as never),
      code: 'ERR_ARGUMENT',
      says: /did you mean 'layers'/,
    },
    {
      name: 'save to a missing directory',
      run: (m) => m.save(file('no/where')),
      code: 'ERR_IO',
      says: /no\/where/,
    },
    { name: 'save to a folder', run: (m) => m.save(folder), code: 'ERR_IO', says: /ridgeline-bad/ },
    {
      name: 'save without a path',
      run: (m) => m.save(),
      code: 'ERR_ARGUMENT',
      says: /^path must be a file name/,
    },
    {
      name: 'export to a missing directory',
      run: (m) => m.export(file('no/where.onnx')),
      code: 'ERR_IO',
      says: /no\/where\.onnx/,
    },
    ...[16, 26, 17.5, Number.NaN, '17'].map(
      (opset): Case => ({
        name: `opset ${opset}`,
        run: (m) => m.export({ opset }),
        code: 'ERR_ARGUMENT',
        says: /^opset must be an integer between 17 and 25, received/,
      }),
    ),
    {
      name: 'bytes that are no ONNX',
      run: () => readOnnxMetadata(Buffer.from('nothing of the kind')),
      code: 'ERR_IO',
      says: /ONNX/i,
    },
    { name: 'no bytes', run: () => readOnnxMetadata(new Uint8Array()), code: 'ERR_IO', says: /ONNX/i },
  ]);
});

/** The asynchronous methods of a model. */
const bound = (m: Model): object => ({
  fit: m.fit.bind(m),
  evaluate: m.evaluate.bind(m),
  trainOnBatch: m.trainOnBatch.bind(m),
  predict: m.predict.bind(m),
  save: m.save.bind(m),
  export: m.export.bind(m),
});

describe('moments', () => {
  // biome-ignore lint/suspicious/noExplicitAny: every method is called the same way.
  const verbs: Record<string, (m: any) => unknown> = {
    fit: (m) => m.fit(x, y),
    evaluate: (m) => m.evaluate(x, y),
    trainOnBatch: (m) => m.trainOnBatch(x, y),
    predict: (m) => m.predict(x),
    save: (m) => m.save(file('gone')),
    export: (m) => m.export(),
  };
  test.each(Object.entries(verbs))('%s after dispose', async (_, verb) => {
    const model = regression();
    model.dispose();
    model.dispose();
    await expectFailure(() => verb(model), 'ERR_DISPOSED', /model 'sequential' was disposed/);
  });
  // biome-ignore lint/suspicious/noExplicitAny: as above.
  const getters: Record<string, (m: any) => unknown> = {
    predictSync: (m) => m.predictSync(x),
    summary: (m) => m.summary(),
    getWeights: (m) => m.getWeights(),
    setWeights: (m) => m.setWeights([]),
    compile: (m) => m.compile({ loss: 'mse' }),
    weights: (m) => m.weights,
    inputs: (m) => m.inputs,
    optimizer: (m) => m.optimizer,
  };
  test.each(Object.entries(getters))('%s after dispose', async (_, get) => {
    const model = regression();
    model.dispose();
    await expectFailure(() => get(model), 'ERR_DISPOSED', /model 'sequential' was disposed/);
  });

  test.each(['fit', 'evaluate', 'trainOnBatch', 'predict', 'save', 'export', 'loadModel'])(
    '%s rejects and never throws',
    async (name) => {
      const disposed = regression();
      disposed.dispose();
      for (const model of [regression(), new Sequential([]), disposed]) {
        const verbs = { ...bound(model), loadModel } as Record<string, (...a: unknown[]) => unknown>;
        for (const wrong of [undefined, null, 3, '', Symbol('x'), [], { no: 1 }]) {
          if (name === 'export' && wrong == null) continue;
          const promise = verbs[name]?.(wrong, wrong, wrong);
          expect(promise).toBeInstanceOf(Promise);
          expect(await failure(() => promise), String(wrong)).toMatchObject({ name: 'RidgelineError' });
        }
      }
    },
  );

  test('fit while fitting is ERR_BUSY, and the first goes on', async () => {
    const model = regression();
    const first = model.fit(x, y, { epochs: 3 });
    await expectFailure(
      () => model.fit(x, y),
      'ERR_BUSY',
      /model 'sequential' is being trained; wait for fit to end/,
    );
    await expectFailure(() => model.trainOnBatch(x, y), 'ERR_BUSY', /is being trained/);
    expect((await first).epoch).toEqual([0, 1, 2]);
    await expectTrains(model);
  });

  test('dispose in the middle of a fit ends it', async () => {
    const { model, x, y } = heavy();
    const run = model.fit(x, y, { epochs: 1000, callbacks: [{ onEpochEnd: () => model.dispose() }] });
    await expectFailure(() => run, 'ERR_DISPOSED', /was disposed/);
    await expectTrains(regression());
  });

  test('an error of a callback that is thrown at the beginning', async () => {
    const model = regression();
    const bad = {
      onTrainBegin: () => {
        throw new TypeError('mine');
      },
    };
    expect(
      await failure(() => model.fit(x, y, { callbacks: [bad, callbacks.terminateOnNaN()] })),
    ).toMatchObject({ message: 'mine' });
    await expectTrains(model);
  });
});
