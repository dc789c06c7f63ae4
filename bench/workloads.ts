/**
 * The reference workloads: the model, its data and its batch.
 */
import {
  input,
  layers,
  type Model,
  regularizers,
  Sequential,
  setRandomSeed,
  type Tensor,
  tensor,
} from 'ridgeline';
import { refuse } from './arguments.js';

/** A model with data to train it on. */
export interface Workload {
  readonly model: Model;
  readonly x: Tensor;
  readonly y: Tensor;
  readonly batchSize: number;
  /** Batches in the data. */
  readonly steps: number;
  /** Epochs of one timing, which is to last for milliseconds. */
  readonly epochs: number;
  /** Floating-point operations of a step, see {@link flopsOf}. */
  readonly flops: number;
}

/**
 * Operations of the matrix products of a step, a multiplication and an addition as two: for each dense layer from
 * `i` to `o` units 2·batch·i·o in the forward pass, as many for the gradient of its weights, and, unless it is the
 * first, as many for the gradient of its input. Whoever leaves out elements that are zero anyway does less.
 */
function flopsOf(batchSize: number, widths: readonly number[]): number {
  const product = (i: number) => 2 * batchSize * (widths[i - 1] as number) * (widths[i] as number);
  return widths.slice(1).reduce((sum, _, i) => sum + product(i + 1) * (i === 0 ? 2 : 3), 0);
}

/** Numbers between −2 and 2. */
function numbers(rows: number, columns: number): Tensor {
  const values = Float32Array.from({ length: rows * columns }, () => Math.random() * 4 - 2);
  return tensor(values, { shape: [rows, columns] });
}

/** `features` → [Dense u, L2 1e-3 → BatchNorm → relu → Dropout d] for each (u, d) → Dense 10 softmax, Adam. */
function regularized(
  features: number,
  blocks: readonly (readonly [units: number, rate: number])[],
  batchSize: number,
  steps: number,
): Workload {
  const rows = batchSize * steps;
  setRandomSeed(0);
  const hidden = blocks.flatMap(([units, rate]) => [
    layers.dense(units, { kernelRegularizer: regularizers.l2(1e-3) }),
    layers.batchNormalization(),
    layers.activation('relu'),
    layers.dropout(rate),
  ]);
  const model = new Sequential([
    input([features]),
    ...hidden,
    layers.dense(10, { activation: 'softmax' }),
  ]).compile({ optimizer: 'adam', loss: 'categoricalCrossentropy', metrics: ['accuracy'] });
  const labels = new Float32Array(rows * 10);
  for (let row = 0; row < rows; row++) labels[row * 10 + Math.floor(Math.random() * 10)] = 1;
  const y = tensor(labels, { shape: [rows, 10] });
  const flops = flopsOf(batchSize, [features, ...blocks.map(([units]) => units), 10]);
  return { model, x: numbers(rows, features), y, batchSize, steps, epochs: 1, flops };
}

/** 30 → 16 relu → 8 relu → 2 softmax, Adam: what is left when there is hardly any arithmetic. */
function tiny(): Workload {
  const [batchSize, steps] = [32, 100];
  const rows = batchSize * steps;
  setRandomSeed(0);
  const model = new Sequential([
    input([30]),
    layers.dense(16, { activation: 'relu' }),
    layers.dense(8, { activation: 'relu' }),
    layers.dense(2, { activation: 'softmax' }),
  ]).compile({ optimizer: 'adam', loss: 'sparseCategoricalCrossentropy', metrics: ['accuracy'] });
  const y = tensor(Int32Array.from({ length: rows }, () => Math.round(Math.random())));
  const flops = flopsOf(batchSize, [30, 16, 8, 2]);
  return { model, x: numbers(rows, 30), y, batchSize, steps, epochs: 20, flops };
}

const WORKLOADS: Record<string, () => Workload> = {
  // biome-ignore format: one workload a line.
  mlp: () => regularized(784, [[512, 0.3], [256, 0.4], [128, 0.3]], 128, 30),
  // biome-ignore format: one workload a line.
  wide: () => regularized(1024, [[2048, 0.3], [2048, 0.3], [2048, 0.3]], 512, 5),
  tiny,
};

/** The workload of that name. */
export function workload(name: string): Workload {
  const make = WORKLOADS[name];
  if (make) return make();
  return refuse(`--workload must be one of ${Object.keys(WORKLOADS).join(', ')}, received ${name}`);
}

/** Milliseconds of a training step: `fit`s of one epoch, all that belongs to them included. */
export async function millisecondsPerStep(of: Workload, threads: number): Promise<number> {
  const { model, x, y, batchSize, steps, epochs } = of;
  const start = performance.now();
  for (let i = 0; i < epochs; i++) await model.fit(x, y, { batchSize, epochs: 1, verbose: 0, threads });
  return (performance.now() - start) / steps / epochs;
}
