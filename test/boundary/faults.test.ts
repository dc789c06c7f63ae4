/**
 * A panic in native code ends the run it happens in with `ERR_NATIVE`, and nothing else.
 */
import { afterEach, expect, test } from 'vitest';
import { native } from '../../src/native.js';
import { bits, expectFailure, expectTrains, failure, heavy, regression, x, y } from '../support/small.js';

afterEach(() => native.injectFault(0));

test.each([
  ['the run thread', 1, 1],
  ['the run thread of several', 1, 4],
  ['a helper', 2, 4],
])('a panic on %s', async (_, place, threads) => {
  const other = regression();
  let release = (): void => {};
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  // Another fit is under way all the time, held at the end of its first epoch so that the fault is not its own.
  const onEpochEnd = (epoch: number): Promise<void> | undefined => (epoch === 0 ? held : undefined);
  const beside = other.fit(x, y, { epochs: 5, callbacks: [{ onEpochEnd }] });

  const { model, x: rows, y: labels } = heavy();
  await model.fit(rows, labels, { threads });
  let ended = 0;
  const callbacks = [
    {
      onEpochEnd: (epoch: number) => void (epoch === 0 && native.injectFault(place)),
      onTrainEnd: () => void ended++,
    },
  ];
  const fit = (): Promise<unknown> => model.fit(rows, labels, { epochs: 1_000_000, threads, callbacks });
  await expectFailure(fit, 'ERR_NATIVE', /injected fault/);
  expect(ended).toBe(1);

  await expectFailure(
    () => model.fit(rows, labels),
    'ERR_NATIVE',
    /model 'sequential' failed inside native code/,
  );
  await expectFailure(() => model.trainOnBatch(rows, labels), 'ERR_NATIVE', /cannot be trained further/);
  expect(model.predictSync(rows.rows(0, 2)).shape).toEqual([2, 1]);
  expect((await model.predict(rows)).shape).toEqual([2048, 1]);
  expect(bits(model).every(Number.isFinite)).toBe(true);

  release();
  expect((await beside).epoch).toEqual([0, 1, 2, 3, 4]);
  await expectTrains(other);
  await expectTrains(regression());
});

test('a panic in predict and evaluate', async () => {
  const model = regression();
  native.injectFault(1);
  await expectFailure(() => model.predict(x, { threads: 1 }), 'ERR_NATIVE', /injected fault/);
  native.injectFault(1);
  await expectFailure(() => model.predictSync(x), 'ERR_NATIVE', /injected fault/);
  native.injectFault(1);
  await expectFailure(() => model.evaluate(x, y, { threads: 1 }), 'ERR_NATIVE', /injected fault/);
  expect(await failure(() => model.predict(x))).toBeUndefined();
  await expectTrains(model);
});

test('a panic in trainOnBatch', async () => {
  const model = regression();
  native.injectFault(1);
  await expectFailure(() => model.trainOnBatch(x, y, { threads: 1 }), 'ERR_NATIVE', /injected fault/);
  await expectFailure(() => model.fit(x, y), 'ERR_NATIVE', /cannot be trained further/);
  expect(model.predictSync(x).shape).toEqual([10, 1]);
});
