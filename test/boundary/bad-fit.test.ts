/**
 * Bad options of fit, predict, evaluate and callbacks: the right error, the culprit by name, a guess at what was meant.
 */
import { callbacks } from 'ridgeline';
import { describe } from 'vitest';
import { type Case, notPlain, table } from '../support/cases.js';
import { classes, classifier, x, y } from '../support/small.js';

describe('fit', () => {
  const option = (options: Record<string, unknown>, says: RegExp): Case => {
    const name = Object.entries(options).map(
      ([key, value]) => `${key}: ${typeof value === 'object' ? JSON.stringify(value) : value}`,
    );
    return { name: name.join(', '), run: (m) => m.fit(x, y, options), code: 'ERR_ARGUMENT', says };
  };
  table([
    ...[0, -1, 1.5, Number.NaN, '32', 2 ** 32].map((batchSize) =>
      option({ batchSize }, /^batchSize must be an integer .*received/),
    ),
    ...[0, -1, 0.5, 2 ** 33].map((epochs) => option({ epochs }, /^epochs must be an integer .*received/)),
    ...[0, -2, 1.5, 65, 2 ** 32 + 1].map((threads) =>
      option({ threads }, /^threads must be an integer .*received/),
    ),
    ...[1, -0.1, Number.NaN, '0.2'].map((validationSplit) =>
      option({ validationSplit }, /^validationSplit must be in \[0, 1\), received/),
    ),
    option({ validationSplit: 0.95 }, /^validationSplit 0.95 of 10 rows leaves 0 to train on/),
    option({ validationData: x }, /^validationData must be \[x, y\]/),
    option({ validationData: [x] }, /^validationData must be \[x, y\]/),
    option({ validationFreq: 0 }, /^validationFreq must be an integer .*received 0/),
    option({ validationBatchSize: 0 }, /^validationBatchSize must be an integer .*received 0/),
    option({ initialEpoch: -1 }, /^initialEpoch must be an integer .*received -1/),
    option({ shuffle: 'rows' }, /^shuffle must be true, false or 'batch', received 'rows'/),
    option({ verbose: 3 }, /^verbose must be 0, 1, 2 or 'auto', received 3/),
    option({ callbacks: {} }, /^callbacks must be a list/),
    option({ callbacks: [null] }, /^callbacks\[0\] must be .*received null/),
    option({ batch_size: 4 }, /fit has no option 'batch_size'; did you mean 'batchSize'/),
    option({ signal: {} }, /^signal must be an AbortSignal/),
    option({ classWeight: [1, 2] }, /^classWeight must be an object/),
    option({ classWeight: { a: 1 } }, /^classWeight must be class indices as keys, received 'a'/),
    option({ classWeight: { '01': 2 } }, /^classWeight must be class indices as keys, received '01'/),
    option({ classWeight: { '1.0': 2 } }, /^classWeight must be class indices as keys, received '1\.0'/),
    option({ classWeight: { 0: -1 } }, /^classWeight\[0\] must be a finite number ≥ 0, received -1/),
    option({ classWeight: { 0: 1 }, sampleWeight: y }, /classWeight and sampleWeight cannot both be given/),
    ...notPlain.flatMap(([what, given]): Case[] => [
      {
        name: `options: ${what}`,
        run: (m) => m.fit(x, y, given),
        code: 'ERR_ARGUMENT',
        says: /^fit options must be an object, received/,
      },
      {
        name: `classWeight: ${what}`,
        run: () => classifier().fit(x, classes, { classWeight: given as never }),
        code: 'ERR_ARGUMENT',
        says: /^classWeight must be an object from class index to weight, received/,
      },
      {
        name: `options of a callback: ${what}`,
        run: () => callbacks.earlyStopping(given),
        code: 'ERR_ARGUMENT',
        says: /^earlyStopping options must be an object, received/,
      },
      ...['predict', 'evaluate', 'trainOnBatch'].map((verb) => ({
        name: `${verb} options: ${what}`,
        // biome-ignore lint/suspicious/noExplicitAny: the verb is one of several.
        run: (m: any) => (verb === 'predict' ? m.predict(x, given) : m[verb](x, y, given)),
        code: 'ERR_ARGUMENT',
        says: new RegExp(`^${verb} options must be an object, received`),
      })),
    ]),
    {
      name: 'options that are no object',
      run: (m) => m.fit(x, y, 5),
      code: 'ERR_ARGUMENT',
      says: /^fit options must be an object, received 5/,
    },
    {
      name: 'null options',
      run: (m) => m.fit(x, y, null),
      code: 'ERR_ARGUMENT',
      says: /^fit options must be an object, received null/,
    },
    {
      name: 'predict: batchSize',
      run: (m) => m.predict(x, { batchSize: 0 }),
      code: 'ERR_ARGUMENT',
      says: /^batchSize .*received 0/,
    },
    {
      name: 'predict: threads',
      run: (m) => m.predict(x, { threads: 65 }),
      code: 'ERR_ARGUMENT',
      says: /^threads .*received 65/,
    },
    {
      name: 'predict: unknown option',
      run: (m) => m.predict(x, { bachSize: 1 }),
      code: 'ERR_ARGUMENT',
      says: /did you mean 'batchSize'/,
    },
    {
      name: 'predict: null options',
      run: (m) => m.predict(x, null),
      code: 'ERR_ARGUMENT',
      says: /^predict options must be an object/,
    },
    {
      name: 'evaluate: batchSize',
      run: (m) => m.evaluate(x, y, { batchSize: 2 ** 32 }),
      code: 'ERR_ARGUMENT',
      says: /^batchSize .*received 4294967296/,
    },
    {
      name: 'trainOnBatch: threads',
      run: (m) => m.trainOnBatch(x, y, { threads: 0 }),
      code: 'ERR_ARGUMENT',
      says: /^threads .*received 0/,
    },
    {
      name: 'trainOnBatch: half a thread',
      run: (m) => m.trainOnBatch(x, y, { threads: 1.5 }),
      code: 'ERR_ARGUMENT',
      says: /^threads .*received 1.5/,
    },
    {
      name: 'classWeight of a class that is not there is no error, a bad label is',
      run: () =>
        classifier().fit(
          x,
          classes.map(() => 9),
          { classWeight: { 9: 1 } },
        ),
      code: 'ERR_ARGUMENT',
      says: /^y must be class indices/,
    },
  ]);
});

describe('callbacks', () => {
  const fit =
    (options: object): Case['run'] =>
    (m) =>
      m.fit(x, y, { callbacks: [callbacks.earlyStopping(options)] });
  table([
    {
      name: 'unknown monitor',
      run: fit({ monitor: 'val_los' }),
      code: 'ERR_ARGUMENT',
      says: /monitor 'val_los' is not in the logs; there are loss, penalty/,
    },
    {
      name: 'unknown monitor of validation',
      run: (m) =>
        m.fit(x, y, {
          epochs: 4,
          validationData: [x, y],
          validationFreq: 2,
          callbacks: [callbacks.earlyStopping({ monitor: 'val_foo' })],
        }),
      code: 'ERR_ARGUMENT',
      says: /monitor 'val_foo' is not in the logs; there are loss, penalty, .*val_loss/,
    },
    ...[5, '', true, {}].map((monitor) => ({
      name: `monitor ${JSON.stringify(monitor)}`,
      run: fit({ monitor }),
      code: 'ERR_ARGUMENT',
      says: /^monitor must be a key of the logs, received/,
    })),
    {
      name: 'monitor of validation without any',
      run: fit({}),
      code: 'ERR_ARGUMENT',
      says: /monitor 'val_loss' is not in the logs/,
    },
    {
      name: 'negative patience',
      run: fit({ patience: -1 }),
      code: 'ERR_ARGUMENT',
      says: /^patience must be an integer ≥ 0, received -1/,
    },
    {
      name: 'NaN minDelta',
      run: fit({ minDelta: Number.NaN }),
      code: 'ERR_ARGUMENT',
      says: /^minDelta .*NaN/,
    },
    {
      name: 'fraction of an epoch',
      run: fit({ startFromEpoch: 0.5 }),
      code: 'ERR_ARGUMENT',
      says: /^startFromEpoch must be an integer ≥ 0, received 0.5/,
    },
    {
      name: 'unknown mode',
      run: fit({ mode: 'mni' }),
      code: 'ERR_ARGUMENT',
      says: /^mode .*did you mean 'min'/,
    },
    {
      name: 'mode auto of a metric without direction',
      run: (m) =>
        m
          .compile({
            loss: 'mse',
            metrics: [
              function odd(_: never, p: never) {
                return p;
              },
            ],
          })
          .fit(x, y, { epochs: 2, callbacks: [callbacks.earlyStopping({ monitor: 'odd' })] }),
      code: 'ERR_ARGUMENT',
      says: /mode must be 'min' or 'max' to watch 'odd'/,
    },
    {
      name: 'unknown option',
      run: fit({ patiense: 3 }),
      code: 'ERR_ARGUMENT',
      says: /earlyStopping has no option 'patiense'; did you mean 'patience'/,
    },
  ]);
});
