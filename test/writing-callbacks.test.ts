/**
 * Callbacks and verbs that write files: their contents, going on, and being killed.
 */
import { appendFileSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type CallbackLike,
  callbacks,
  type Logs,
  layers,
  loadModel,
  Model,
  metrics,
  optimizers,
  Sequential,
  setRandomSeed,
  tensor,
} from 'ridgeline';
import { afterAll, describe, expect, test } from 'vitest';
import { rewrite } from './support/saved-file.js';
import { bits, classes, classifier, expectFailure, numbers, regression, x, y } from './support/small.js';

const folder = mkdtempSync(join(tmpdir(), 'ridgeline-writing-'));
afterAll(() => rmSync(folder, { recursive: true }));
let files = 0;
const newFile = (): string => join(folder, `${files++}`);

describe('csvLogger', () => {
  test('writes a line for each epoch', async () => {
    const path = newFile();
    const { history } = await regression().fit(x, y, {
      epochs: 3,
      validationData: [x, y],
      callbacks: [callbacks.csvLogger(path)],
    });
    const [header, ...lines] = readFileSync(path, 'utf8').trimEnd().split('\n');
    const keys = Object.keys(history).sort();
    expect(header).toBe(['epoch', ...keys].join(','));
    const numbers = history as unknown as Record<string, number[]>;
    expect(lines.map((line) => line.split(',').map(Number))).toEqual(
      [0, 1, 2].map((i) => [i, ...keys.map((key) => numbers[key]![i])]),
    );
  });

  test('goes on behind the last whole line, in the columns that there are', async () => {
    const path = newFile();
    const options = { separator: ';', append: true };
    await regression().fit(x, y, { epochs: 2, callbacks: [callbacks.csvLogger(path, options)] });
    const before = readFileSync(path, 'utf8');
    // A process that was killed as it wrote.
    appendFileSync(path, '2;0.12');
    const script = {
      onEpochEnd: (_: number, logs: Logs): void => {
        logs.more = 1;
      },
    };
    await regression().fit(x, y, {
      epochs: 3,
      initialEpoch: 2,
      callbacks: [script, callbacks.csvLogger(path, options)],
    });
    const after = readFileSync(path, 'utf8');
    expect(after.startsWith(before)).toBe(true);
    expect(after.slice(before.length)).toMatch(/^2;[\d.e-]+;[\d.e-]+;0\n$/);
  });

  test('says what an epoch lacks', async () => {
    const path = newFile();
    await regression().fit(x, y, {
      epochs: 3,
      validationData: [x, y],
      validationFreq: 3,
      callbacks: [callbacks.csvLogger(path)],
    });
    const [header, first, , third] = readFileSync(path, 'utf8').split('\n') as [
      string,
      string,
      string,
      string,
    ];
    const names = ['loss', 'loss_without_penalty', 'penalty'];
    expect(header).toBe(['epoch', ...names, ...names.map((name) => `val_${name}`)].join());
    expect(first).toMatch(/^0,.*,NA,NA,NA$/);
    expect(third).not.toMatch(/NA/);
    const other = newFile();
    const script = {
      onEpochEnd: (epoch: number, logs: Logs): void => {
        if (epoch === 0) logs.a = 1;
      },
    };
    await regression().fit(x, y, { epochs: 2, callbacks: [script, callbacks.csvLogger(other)] });
    expect(readFileSync(other, 'utf8').trimEnd().split('\n')[2]).toMatch(/^1,NA,/);
  });

  test('names with separators stand between quotation marks, and are read again', async () => {
    const path = newFile();
    const script = {
      onEpochEnd: (_: number, logs: Logs): void => {
        logs['a,"b"'] = 7;
      },
    };
    const fit = (epochs: number, initialEpoch: number) =>
      regression().fit(x, y, {
        epochs,
        initialEpoch,
        callbacks: [script, callbacks.csvLogger(path, { append: true })],
      });
    await fit(1, 0);
    await fit(2, 1);
    const [header, ...lines] = readFileSync(path, 'utf8').trimEnd().split('\n');
    expect(header).toBe('epoch,"a,""b""",loss,loss_without_penalty,penalty');
    expect(lines.map((line) => line.split(',').slice(0, 2))).toEqual([
      ['0', '7'],
      ['1', '7'],
    ]);
  });

  test('that cannot be written ends the fit', async () => {
    const logger = callbacks.csvLogger(join(folder, 'none', 'file'));
    await expectFailure(() => regression().fit(x, y, { callbacks: [logger] }), 'ERR_IO', /^cannot write/);
  });

  test.each([{ separator: '' }, { separator: ';;' }, { separator: '.' }, { append: 1 }, { seperator: ';' }])(
    '%o is refused',
    async (options) => {
      await expectFailure(
        () => callbacks.csvLogger('x', options as never),
        'ERR_ARGUMENT',
        /separator|append/,
      );
    },
  );
});

describe('modelCheckpoint', () => {
  /** Trains with `values` as the watched number of each epoch; the files that are there then. */
  async function saved(
    values: readonly number[],
    template: string,
    options: callbacks.ModelCheckpointOptions,
  ): Promise<{ found: string[]; at: string; model: Model }> {
    const at = mkdtempSync(join(folder, 'checkpoints-'));
    const script = {
      onEpochEnd: (epoch: number, logs: Logs): void => {
        logs.watched = values[epoch] as number;
      },
    };
    const checkpoint = callbacks.modelCheckpoint(join(at, template), {
      monitor: 'watched',
      mode: 'min',
      ...options,
    });
    const model = regression();
    await model.fit(x, y, { epochs: values.length, batchSize: 4, callbacks: [script, checkpoint] });
    return { found: readdirSync(at).sort(), at, model };
  }

  test.each<[string, number[], callbacks.ModelCheckpointOptions, string[]]>([
    ['every epoch', [3, 2, 4], {}, ['01-3.00', '02-2.00', '03-4.00']],
    ['the best only', [3, 4, 2], { saveBestOnly: true }, ['01-3.00', '03-2.00']],
    ['the best only, upwards', [3, 4, 2], { saveBestOnly: true, mode: 'max' }, ['01-3.00', '02-4.00']],
    ['what beats a threshold', [3, 4, 2], { saveBestOnly: true, initialValueThreshold: 2.5 }, ['03-2.00']],
  ])('saves %s', async (_, values, options, expected) => {
    expect((await saved(values, '{epoch:02d}-{watched:.2f}', options)).found).toEqual(expected);
  });

  test.each<[string, string]>([
    ['{epoch:04d}', '0001'],
    ['{watched:.1e}', '2.5e-01'],
    ['{watched:.1%}', '25.0%'],
    ['{watched:8.3f}', '   0.250'],
    ['{{epoch}}', '{epoch}'],
  ])('by the template %s', async (template, expected) => {
    expect((await saved([0.25], template, {})).found).toEqual([expected]);
  });
  test.each(['{epoch:zz}', '{}', '{epoch', '{loss:g}', '{loss:.200f}', '{epoch:0999999d}'])(
    'the template %s is refused',
    async (template) => {
      await expectFailure(
        () => callbacks.modelCheckpoint(template),
        'ERR_ARGUMENT',
        /^path must be a template of fields/,
      );
    },
  );
  test('a fraction as an integer is refused, and a number that no batch has', async () => {
    await expectFailure(
      () => saved([0.25], '{watched:d}', {}),
      'ERR_ARGUMENT',
      /must be of an integer, received 0.25/,
    );
    const checkpoint = callbacks.modelCheckpoint(newFile(), { saveBestOnly: true, saveFreq: 1 });
    await expectFailure(
      () => regression().fit(x, y, { validationData: [x, y], callbacks: [checkpoint] }),
      'ERR_ARGUMENT',
      /monitor 'val_loss' is not in the logs/,
    );
  });

  test('the history that is saved has what callbacks before it have added', async () => {
    const at = mkdtempSync(join(folder, 'checkpoints-'));
    const list = () => [
      callbacks.learningRateScheduler(() => 0.01),
      callbacks.modelCheckpoint(join(at, '{epoch}')),
    ];
    await regression().fit(x, y, { epochs: 3, callbacks: list() });
    const loaded = await loadModel(join(at, '2'));
    await loaded.fit(x, y, { epochs: 3, initialEpoch: loaded.epoch, callbacks: list() });
    expect(loaded.history.history.learning_rate).toEqual([0.01, 0.01, 0.01]);
  });

  test('after so many batches', async () => {
    const { found } = await saved([1, 1], '{epoch}-{batch}', { saveFreq: 2 });
    expect(found).toEqual(['1-2', '2-1', '2-3']);
  });

  test('what is saved goes on, or is weights alone', async () => {
    const { at, model } = await saved([1, 1], 'model', {});
    const loaded = await loadModel(join(at, 'model'));
    expect([bits(loaded), loaded.epoch]).toEqual([bits(model), 2]);
    const { at: other, model: trained } = await saved([1, 1], 'weights', { saveWeightsOnly: true });
    const again = regression();
    await again.loadWeights(join(other, 'weights'));
    expect(bits(again)).toEqual(bits(trained));
    await expectFailure(() => loadModel(join(other, 'weights')), 'ERR_IO', /not a model file/);
  });

  test('the best so far comes back with the model', async () => {
    const at = join(mkdtempSync(join(folder, 'checkpoints-')), 'best');
    const fit = async (of: Model, values: readonly number[], initialEpoch: number): Promise<boolean> => {
      rmSync(at, { force: true });
      const script = {
        onEpochEnd: (epoch: number, logs: Logs): void => {
          logs.watched = values[epoch] as number;
        },
      };
      const checkpoint = callbacks.modelCheckpoint(at, {
        monitor: 'watched',
        mode: 'min',
        saveBestOnly: true,
      });
      await of.fit(x, y, { epochs: values.length, initialEpoch, callbacks: [script, checkpoint] });
      return existsSync(at);
    };
    const model = regression();
    expect(await fit(model, [3, 2], 0)).toBe(true);
    const path = newFile();
    await model.save(path);
    expect(await fit(await loadModel(path), [3, 2, 2.5], 2)).toBe(false);
    expect(await fit(await loadModel(path), [3, 2, 1.5], 2)).toBe(true);
  });

  test('a key that is not in the logs is named', async () => {
    await expectFailure(
      () => saved([1], '{val_loss:.2f}', {}),
      'ERR_ARGUMENT',
      /^path must be keys among .*, received 'val_loss'$/,
    );
    await expectFailure(
      () => saved([1], 'x', { monitor: 'val_mae', saveBestOnly: true }),
      'ERR_ARGUMENT',
      /^modelCheckpoint: monitor 'val_mae' is not in the logs/,
    );
  });

  test.each([{ saveFreq: 0 }, { saveFreq: 'batch' }, { saveBestOnly: 1 }, { verbose: 2 }])(
    '%o is refused',
    async (options) => {
      const [name] = Object.keys(options);
      await expectFailure(
        () => callbacks.modelCheckpoint('x', options as never),
        'ERR_ARGUMENT',
        new RegExp(`^${name} must be`),
      );
    },
  );
});

describe('weights in a file', () => {
  const net = (units: number, last = 'out'): Model => {
    setRandomSeed(units);
    return new Sequential([
      layers.input([4]),
      layers.dense(8, { name: 'hidden' }),
      layers.dense(units, { name: last }),
    ]) as unknown as Model;
  };

  test('come back by name, into a model of another kind too, and the next prediction uses them', async () => {
    const path = newFile();
    const from = net(2);
    await from.saveWeights(path);
    setRandomSeed(99);
    const inputs = layers.input([4]);
    const to = new Model({
      inputs,
      outputs: layers.dense(2, { name: 'out' })(layers.dense(8, { name: 'hidden' })(inputs)),
    });
    const before = to.predictSync(x);
    const read = await to.loadWeights(path);
    expect(read).toEqual(['hidden/kernel', 'hidden/bias', 'out/kernel', 'out/bias']);
    expect(to.predictSync(x)).toEqual(from.predictSync(x));
    expect(before).not.toEqual(to.predictSync(x));
  });

  test('of a whole model do too', async () => {
    const path = newFile();
    const model = regression();
    await model.fit(x, y);
    await model.save(path);
    const again = regression();
    await again.loadWeights(path);
    expect(bits(again)).toEqual(bits(model));
  });

  test('that lack one are refused, unless part of them is asked for', async () => {
    const path = newFile();
    await net(2).saveWeights(path);
    const [other, wider] = [net(2, 'other'), net(3)];
    const before = [bits(other), bits(wider)];
    await expectFailure(
      () => other.loadWeights(path),
      'ERR_ARGUMENT',
      /must have weight 'other\/kernel' of shape \[8, 2\], it has none of that name$/,
    );
    await expectFailure(
      () => wider.loadWeights(path),
      'ERR_ARGUMENT',
      /must have weight 'out\/kernel' of shape \[8, 3\], it has one of shape \[8, 2\]$/,
    );
    expect([bits(other), bits(wider)]).toEqual(before);
    expect(await wider.loadWeights(path, { partial: true })).toEqual(['hidden/kernel', 'hidden/bias']);
    expect(bits(wider).slice(0, 40)).toEqual(bits(net(2)).slice(0, 40));
  });

  test('of a model without input yet, and those that a model does not have, are refused', async () => {
    const path = newFile();
    await net(2).saveWeights(path);
    const unbuilt = new Sequential([layers.dense(8, { name: 'hidden' })]);
    await expectFailure(() => unbuilt.loadWeights(path), 'ERR_ARGUMENT', /has no input yet/);
    await expectFailure(() => unbuilt.saveWeights(newFile()), 'ERR_ARGUMENT', /has no input yet/);
    const smaller = new Sequential([layers.input([4]), layers.dense(8, { name: 'hidden' })]);
    await expectFailure(
      () => smaller.loadWeights(path),
      'ERR_ARGUMENT',
      /must be a file of weights that 'sequential.*' has, received .*out/,
    );
    expect(await smaller.loadWeights(path, { partial: true })).toEqual(['hidden/kernel', 'hidden/bias']);
  });

  test('are not read while a fit runs, nor from what is no such file', async () => {
    const path = newFile();
    const model = regression();
    await model.saveWeights(path);
    const fit = model.fit(x, y, { epochs: 50 });
    await expectFailure(() => model.loadWeights(path), 'ERR_BUSY', /is being trained/);
    await fit;
    appendFileSync(path, 'x');
    await expectFailure(() => model.loadWeights(path), 'ERR_IO', /not a model file/);
    await expectFailure(() => model.loadWeights(newFile()), 'ERR_IO', /cannot read/);
    model.dispose();
    await expectFailure(() => model.saveWeights(path), 'ERR_DISPOSED', /disposed/);
  });
});

describe('backupAndRestore', () => {
  const net = (seed = 6): Model => {
    setRandomSeed(seed);
    const stack = [
      layers.input([4]),
      layers.dense(8, { activation: 'relu' }),
      layers.dropout(0.3),
      layers.dense(1),
    ];
    return new Sequential(stack).compile({ optimizer: 'adam', loss: 'mse' });
  };
  const run = (path: string, model: Model, more: CallbackLike[] = []) =>
    model.fit(x, y, {
      epochs: 5,
      batchSize: 4,
      validationSplit: 0.2,
      verbose: 0,
      callbacks: [
        callbacks.earlyStopping({ patience: 9, restoreBestWeights: true }),
        callbacks.reduceLROnPlateau({ patience: 1, factor: 0.5 }),
        ...more,
        callbacks.backupAndRestore(path),
      ],
    });

  test.each([1, 3])('a fit that was cut short in epoch %i ends as if nothing had happened', async (cut) => {
    const path = newFile();
    const whole = net();
    const expected = await run(newFile(), whole);
    const crash = {
      onEpochBegin: (epoch: number): void => {
        if (epoch === cut) throw new Error('power cut');
      },
    };
    await expect(run(path, net(), [crash])).rejects.toThrow('power cut');
    expect(existsSync(path)).toBe(true);
    // Another process may begin with other numbers.
    const resumed = net(99);
    const found = await run(path, resumed);
    expect(found.epoch).toEqual([0, 1, 2, 3, 4].slice(cut));
    expect(bits(resumed)).toEqual(bits(whole));
    expect(resumed.history.history).toEqual(whole.history.history);
    expect(resumed.optimizer.learningRate).toBe(whole.optimizer.learningRate);
    expect(found.history.val_loss).toEqual(expected.history.val_loss!.slice(cut));
    expect(existsSync(path)).toBe(false);
  });

  describe('within an epoch', () => {
    const rows = numbers(40, 4);
    const targets = Float32Array.from({ length: 40 }, (_, i) => (i % 5) / 5);
    const small = (): Model => {
      setRandomSeed(4);
      const stack = [
        layers.input([4]),
        layers.dense(8, { activation: 'relu' }),
        layers.batchNormalization(),
        layers.dropout(0.3),
        layers.dense(1),
      ];
      return new Sequential(stack).compile({
        optimizer: optimizers.adam({ gradientAccumulationSteps: 3 }),
        loss: 'mse',
        metrics: ['mae', metrics.r2Score()],
      });
    };
    const source = () =>
      Array.from({ length: 9 }, (_, i) => {
        const part = tensor(rows.data.slice(16 * i, 16 * i + 16), { shape: [4, 4] });
        return { x: part, y: targets.slice(4 * i, 4 * i + 4) };
      });
    const train = (how: string, model: Model, path: string, saveFreq: number, more: CallbackLike[] = []) => {
      const options = {
        epochs: 4,
        validationData: [rows, targets] as [typeof rows, typeof targets],
        verbose: 0 as const,
        callbacks: [
          callbacks.learningRateScheduler((_, rate) => rate * 0.9),
          callbacks.earlyStopping({ patience: 9, restoreBestWeights: true }),
          ...more,
          callbacks.backupAndRestore(path, { saveFreq }),
        ],
      };
      return how === 'in memory'
        ? model.fit(rows, targets, { ...options, batchSize: 4 })
        : model.fit(source, options);
    };
    /** Ends a fit before a batch, as if its process were killed. */
    const crash = (epoch: number, batch: number): CallbackLike => {
      let now = -1;
      return {
        onEpochBegin: (epoch) => {
          now = epoch;
        },
        onTrainBatchBegin: (at) => {
          if (now === epoch && at === batch) throw new Error('power cut');
        },
      };
    };
    /** Ends it when an epoch is over. */
    const crashAtEnd = (epoch: number): CallbackLike => ({
      onEpochEnd: (at) => {
        if (at === epoch) throw new Error('power cut');
      },
    });

    test.for([
      ['in memory', 'behind a batch that was saved', 1, crash(0, 3), 0, 3],
      ['in memory', 'in the first epoch', 2, crash(0, 5), 0, 4],
      ['in memory', 'in a later one', 3, crash(2, 4), 2, 4],
      ['in memory', 'before anything of its epoch was saved', 7, crash(2, 1), 2, 1],
      ['in memory', 'at the end of an epoch', 1, crashAtEnd(1), 1, 10],
      ['in batches', 'in a later epoch', 1, crash(2, 4), 2, 4],
      ['in batches', 'at the end of an epoch', 3, crashAtEnd(1), 1, 9],
    ] as const)(
      '%s, a fit that was cut short %s ends as if nothing had happened',
      async ([how, _, saveFreq, cut, epoch, batch]) => {
        const path = newFile();
        const whole = small();
        const expected = await train(how, whole, newFile(), saveFreq);
        await expect(train(how, small(), path, saveFreq, [cut])).rejects.toThrow('power cut');
        const resumed = small();
        const batches: [number, number][] = [];
        let now = -1;
        const watch: CallbackLike = {
          onEpochBegin: (at) => {
            now = at;
          },
          onTrainBatchEnd: (at) => {
            batches.push([now, at]);
          },
        };
        const found = await train(how, resumed, path, saveFreq, [watch]);
        const per = how === 'in memory' ? 10 : 9;
        const done = Math.floor((epoch * per + batch) / saveFreq) * saveFreq;
        // What was saved is not trained again, and all that comes behind it is.
        const all = Array.from({ length: 4 * per }, (_, i) => [Math.floor(i / per), i % per]);
        expect(batches).toEqual(all.slice(done));
        expect(bits(resumed)).toEqual(bits(whole));
        expect(resumed.history.history).toEqual(whole.history.history);
        expect(resumed.history.epoch).toEqual([0, 1, 2, 3]);
        expect(resumed.optimizer.learningRate).toBe(whole.optimizer.learningRate);
        expect(found.history.val_loss).toEqual(expected.history.val_loss!.slice(found.epoch[0]));
      },
    );

    test('a source that has fewer batches by now is at the end of its epoch', async () => {
      const path = newFile();
      await expect(train('in batches', small(), path, 1, [crash(2, 6)])).rejects.toThrow('power cut');
      const trained: number[] = [];
      const watch: CallbackLike = { onTrainBatchEnd: (batch) => void trained.push(batch) };
      const model = small();
      const few = (): ReturnType<typeof source> => source().slice(0, 4);
      const kept = callbacks.backupAndRestore(path);
      await model.fit(few, { epochs: 3, verbose: 0, callbacks: [watch, kept] });
      expect(trained).toEqual([]);
      expect(model.history.epoch).toEqual([0, 1, 2]);
    });

    test('a file of other metrics is refused, and nothing is changed', async () => {
      const path = newFile();
      await expect(train('in memory', small(), path, 1, [crash(1, 3)])).rejects.toThrow('power cut');
      const other = small();
      other.compile({ optimizer: optimizers.adam({ gradientAccumulationSteps: 3 }), loss: 'mse' });
      const before = bits(other);
      await expectFailure(() => train('in memory', other, path, 1), 'ERR_IO', /it measured \[mae,r2_score\]/);
      expect(bits(other)).toEqual(before);
    });

    test('what is saved while steps go on is of no place: its epoch begins again', async () => {
      const path = newFile();
      const model = small();
      let saved: Promise<void> | undefined;
      const late: CallbackLike = {
        onTrainBatchEnd(batch) {
          // Not waited for: the run goes on, and the copy may be of a later step.
          if (batch === 4) saved ??= model.save(path);
        },
      };
      await model.fit(rows, targets, { batchSize: 4, epochs: 2, callbacks: [late] });
      await saved;
      const resumed = small();
      const begun: number[] = [];
      await train('in memory', resumed, path, 1, [{ onEpochBegin: (epoch) => void begun.push(epoch) }]);
      expect(begun).toEqual([0, 1, 2, 3]);
      expect(resumed.history.epoch).toEqual([0, 1, 2, 3]);
    });
  });

  test('a fit whose file says that it is done does nothing more', async () => {
    const path = newFile();
    const model = net();
    const kept = () => callbacks.backupAndRestore(path, { deleteCheckpoint: false });
    await model.fit(x, y, { epochs: 2, callbacks: [kept()] });
    const again = net();
    expect((await again.fit(x, y, { epochs: 2, callbacks: [kept()] })).epoch).toEqual([]);
    expect(bits(again)).toEqual(bits(model));
  });

  test('a file of another model is refused, and nothing is changed', async () => {
    const path = newFile();
    await classifier().fit(x, classes, {
      callbacks: [callbacks.backupAndRestore(path, { deleteCheckpoint: false })],
    });
    const model = net();
    const before = bits(model);
    await expectFailure(() => run(path, model), 'ERR_IO', /is not a file of this model: /);
    expect(bits(model)).toEqual(before);
    await net().save(path, { includeOptimizer: false });
    await expectFailure(() => run(path, net()), 'ERR_IO', /it was saved without its training/);
  });

  const byGroups = (head: optimizers.Optimizer): Model => {
    const groups = [{ weights: ['bias'], optimizer: head }];
    return new Sequential([layers.input([4]), layers.dense(1)]).compile({
      loss: 'mse',
      optimizer: optimizers.sgd({ learningRate: 0.01, groups }),
    }) as unknown as Model;
  };

  test('learning rates of groups come back', async () => {
    const path = newFile();
    const kept = () => [callbacks.backupAndRestore(path, { deleteCheckpoint: false })];
    const first = byGroups(optimizers.sgd(0.1));
    const rateOf = (of: Model): number => of.optimizer.groups[0]?.optimizer.learningRate as number;
    (first.optimizer.groups[0] as { optimizer: optimizers.Optimizer }).optimizer.learningRate = 0.001;
    await first.fit(x, y, { callbacks: kept() });
    const again = byGroups(optimizers.sgd(0.1));
    await again.fit(x, y, { callbacks: kept() });
    expect(rateOf(again)).toBe(0.001);
  });

  test.each([
    [
      'of its own',
      () => byGroups(optimizers.adam(0.1)),
      /trained by \[sgd,sgd\], the model is by \[sgd,adam\]/,
    ],
    [
      'of its groups',
      () =>
        new Sequential([layers.input([4]), layers.dense(1)]).compile({
          loss: 'mse',
          optimizer: 'nadam',
        }) as Model,
      /trained by \[sgd,sgd\], the model is by \[nadam\]/,
    ],
  ])('a file of other optimizers %s is refused', async (_, other, message) => {
    const path = newFile();
    const kept = () => [callbacks.backupAndRestore(path, { deleteCheckpoint: false })];
    await byGroups(optimizers.sgd(0.1)).fit(x, y, { callbacks: kept() });
    const model = other() as Model;
    const before = bits(model);
    await expectFailure(() => model.fit(x, y, { callbacks: kept() }), 'ERR_IO', message);
    expect(bits(model)).toEqual(before);
  });

  test.each<[string, Parameters<typeof rewrite>[1]]>([
    ['an optimizer that is none', (saved) => Object.assign(saved, { compile: 'x' })],
    ['no config', (saved) => Object.assign(saved.compile.optimizer, { config: null })],
    [
      'a learning rate below 0',
      (saved) => Object.assign(saved.compile.optimizer.config, { learningRate: -5 }),
    ],
    ['a seed that is none', (saved) => Object.assign(saved, { seed: 'x' })],
    ['training that is none', (saved) => Object.assign(saved, { training: 'a' })],
    ['no callbacks', (saved) => Object.assign(saved.training, { callbacks: null })],
    ['no history', (saved) => Object.assign(saved.training, { history: null })],
    [
      'a last epoch without logs',
      (saved) => Object.assign(saved.training, { last: { epoch: 5, logs: null } }),
    ],
  ])('a file with %s is refused, and nothing is changed', async (_, damage) => {
    const path = newFile();
    const kept = () => callbacks.backupAndRestore(path, { deleteCheckpoint: false });
    await net().fit(x, y, { epochs: 2, callbacks: [kept()] });
    rewrite(path, damage);
    const model = net();
    const before = bits(model);
    await expectFailure(
      () => model.fit(x, y, { epochs: 4, callbacks: [kept()] }),
      'ERR_IO',
      /is not a file of this model: /,
    );
    expect(bits(model)).toEqual(before);
  });
});

test('what others add to logs is written as text, or left out where numbers stand', async () => {
  const path = newFile();
  const added = {
    onEpochEnd: (_: number, logs: Logs) => void Object.assign(logs, { note: 'a,b', of: Symbol('x') }),
  };
  await regression().fit(x, y, {
    callbacks: [added, callbacks.csvLogger(path), callbacks.tensorBoard(`${path}-board`)],
  });
  const [header, line] = readFileSync(path, 'utf8').trimEnd().split('\n');
  expect(header).toContain('note');
  expect(line).toContain('"a,b"');
  expect(line).toContain('Symbol(x)');
});

test.each([[5], [{ a: 5 }], [{ a: { values: { big: 1n }, variables: [] } }], [Promise.resolve({})]])(
  'the state %o of a callback is refused before anything is written',
  async (state) => {
    const [path, model] = [newFile(), regression()];
    await model.fit(x, y, { callbacks: [{ getState: () => state as never }] });
    await expectFailure(() => model.save(path), 'ERR_ARGUMENT', /^what getState\(\) gives must be/);
    expect(existsSync(path)).toBe(false);
  },
);

describe('tensorBoard', () => {
  interface Read {
    readonly step: number;
    readonly values: Record<string, number>;
    readonly histograms: string[];
  }

  /** The events of the only file in a folder: of each its step, numbers, and names of histograms. */
  function events(folder: string): Read[] {
    const [name, ...others] = readdirSync(folder);
    expect(others).toEqual([]);
    expect(name).toMatch(/^events\.out\.tfevents\.\d{10,}\./);
    const bytes = readFileSync(join(folder, name!));
    const found: Read[] = [];
    for (let at = 0; at < bytes.length; ) {
      const length = Number(bytes.readBigUInt64LE(at));
      found.push(event(bytes.subarray(at + 12, at + 12 + length)));
      at += 16 + length;
    }
    return found;
  }

  /** Fields of a protobuf message: numbers, and bytes of what has a length. */
  function* fields(bytes: Buffer): Generator<[number, number | Buffer]> {
    let at = 0;
    const varint = (): number => {
      let [value, shift] = [0, 0];
      for (;;) {
        const byte = bytes[at++] as number;
        value += (byte & 127) * 2 ** shift;
        if (byte < 128) return value;
        shift += 7;
      }
    };
    const take = (length: number): Buffer => {
      at += length;
      return bytes.subarray(at - length, at);
    };
    while (at < bytes.length) {
      const key = varint();
      const kind = key & 7;
      if (kind === 0) yield [key >> 3, varint()];
      else if (kind === 1) yield [key >> 3, take(8).readDoubleLE()];
      else if (kind === 5) yield [key >> 3, take(4).readFloatLE()];
      else yield [key >> 3, take(varint())];
    }
  }

  function event(bytes: Buffer): Read {
    const found = { step: 0, values: {} as Record<string, number>, histograms: [] as string[] };
    for (const [field, content] of fields(bytes)) {
      if (field === 2) found.step = content as number;
      if (field !== 5) continue;
      for (const [, value] of fields(content as Buffer)) {
        const of = new Map(fields(value as Buffer));
        const tag = String(of.get(1));
        if (of.has(2)) found.values[tag] = of.get(2) as number;
        if (of.has(5)) found.histograms.push(tag);
      }
    }
    return found;
  }

  test('writes numbers of epochs and batches, and histograms', async () => {
    const folder = newFile();
    const { history } = await regression().fit(x, y, {
      epochs: 3,
      batchSize: 4,
      validationData: [x, y],
      callbacks: [callbacks.tensorBoard(folder, { updateFreq: 2, histogramFreq: 2 })],
    });
    const [version, ...train] = events(join(folder, 'train'));
    expect(version).toEqual({ step: 0, values: {}, histograms: [] });
    const epochs = train.filter(({ values }) => 'epoch_loss' in values);
    expect(epochs.map(({ step }) => step)).toEqual([0, 1, 2]);
    expect(epochs.map(({ values }) => values.epoch_loss)).toEqual(history.loss.map(Math.fround));
    expect(epochs[0]?.values.epoch_learning_rate).toBe(Math.fround(0.001));
    expect(Object.keys(epochs[0]!.values)).not.toContain('epoch_val_loss');
    const batches = train.filter(({ values }) => 'batch_loss' in values);
    expect(batches.map(({ step }) => step)).toEqual([1, 3, 5, 7]);
    const histograms = train.filter((of) => of.histograms.length > 0);
    expect(histograms.map(({ step, histograms: [tag] }) => [step, tag])).toEqual(
      [0, 2].flatMap((epoch) =>
        ['dense/kernel', 'dense/bias', 'dense_1/kernel', 'dense_1/bias'].map((path) => [
          epoch,
          `${path}/histogram`,
        ]),
      ),
    );
    const held = events(join(folder, 'validation')).slice(1);
    expect(held.map(({ values }) => values.epoch_loss)).toEqual(history.val_loss!.map(Math.fround));
  });

  test('a folder that cannot be made is an error of the fit', async () => {
    const path = newFile();
    appendFileSync(path, 'a file');
    const run = () => regression().fit(x, y, { callbacks: [callbacks.tensorBoard(path)] });
    await expectFailure(run, 'ERR_IO', /^cannot make the folder /);
  });
});
