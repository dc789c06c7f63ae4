/**
 * A small model with data for it, and checks that the boundary tests share.
 */
import {
  layers,
  type Model,
  type RidgelineError,
  Sequential,
  setRandomSeed,
  type Tensor,
  tensor,
} from 'ridgeline';
import { expect } from 'vitest';

/** `rows` × `columns` numbers in [-1, 1), always the same ones. */
export function numbers(rows: number, columns: number): Tensor<'float32'> {
  const data = Float32Array.from({ length: rows * columns }, (_, i) => ((i * 7919 + 13) % 1009) / 504.5 - 1);
  return tensor(data, { shape: [rows, columns] });
}

/** Ten rows of four features. */
export const x = numbers(10, 4);
/** A target for each of them. */
export const y = Float32Array.from({ length: 10 }, (_, i) => i / 10);
/** A class of three for each of them. */
export const classes = Int32Array.from({ length: 10 }, (_, i) => i % 3);

/** A regression model for `x` and `y`, compiled. */
export function regression(): Model {
  setRandomSeed(7);
  return new Sequential([
    layers.input([4]),
    layers.dense(8, { activation: 'relu' }),
    layers.dense(1),
  ]).compile({
    optimizer: 'adam',
    loss: 'mse',
  });
}

/** A classifier for `x` and `classes`, compiled. */
export function classifier(): Model {
  setRandomSeed(7);
  return new Sequential([layers.input([4]), layers.dense(3, { activation: 'softmax' })]).compile({
    optimizer: 'sgd',
    loss: 'sparseCategoricalCrossentropy',
  });
}

/** A model that keeps every core busy for a while, with its data. */
export function heavy(rows = 2048, width = 256): { model: Model; x: Tensor; y: Tensor } {
  setRandomSeed(7);
  const model = new Sequential([
    layers.input([width]),
    layers.dense(width, { activation: 'relu' }),
    layers.dense(width, { activation: 'relu' }),
    layers.dense(1),
  ]).compile({ optimizer: 'sgd', loss: 'mse' });
  return { model, x: numbers(rows, width), y: numbers(rows, 1) };
}

/** All weights as one list of numbers, to compare bit for bit. */
export const bits = (model: Model): number[] => model.getWeights().flatMap((w) => [...w.data]);

/** What `run` throws or rejects with. */
export async function failure(run: () => unknown): Promise<unknown> {
  try {
    await run();
  } catch (error) {
    return error;
  }
  return undefined;
}

/** Expects a {@link RidgelineError} of `code` whose message matches. */
export async function expectFailure(run: () => unknown, code: string, says: RegExp): Promise<void> {
  const error = (await failure(run)) as RidgelineError | undefined;
  expect(error, 'nothing was thrown').toBeDefined();
  expect(`${error?.name} ${error?.code}: ${error?.message}`).toMatch(new RegExp(`^RidgelineError ${code}: `));
  expect(error?.message).toMatch(says);
}

/** Expects that `model` still trains, to finite numbers. */
export async function expectTrains(model: Model, labels: Float32Array | Int32Array = y): Promise<void> {
  const { history } = await model.fit(x, labels, { epochs: 2 });
  expect(history.loss).toHaveLength(2);
  expect(bits(model).every(Number.isFinite)).toBe(true);
}
