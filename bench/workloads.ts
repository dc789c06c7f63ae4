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

/** A model with data to train it on. */
export interface Workload {
  readonly model: Model;
  readonly x: Tensor;
  readonly y: Tensor;
  readonly batchSize: number;
  /** Batches in the data. */
  readonly steps: number;
}

/** 784 → [Dense u, L2 1e-3 → BatchNorm → relu → Dropout d] for (512,.3) (256,.4) (128,.3) → Dense 10 softmax, Adam. */
function mlp(): Workload {
  const [batchSize, steps] = [128, 30];
  const rows = batchSize * steps;
  const block = (units: number, rate: number): Parameters<Sequential['add']>[0][] => [
    layers.dense(units, { kernelRegularizer: regularizers.l2(1e-3) }),
    layers.batchNormalization(),
    layers.activation('relu'),
    layers.dropout(rate),
  ];
  setRandomSeed(0);
  const model = new Sequential([
    input([784]),
    ...block(512, 0.3),
    ...block(256, 0.4),
    ...block(128, 0.3),
    layers.dense(10, { activation: 'softmax' }),
  ]).compile({ optimizer: 'adam', loss: 'categoricalCrossentropy', metrics: ['accuracy'] });
  const labels = new Float32Array(rows * 10);
  for (let row = 0; row < rows; row++) labels[row * 10 + Math.floor(Math.random() * 10)] = 1;
  return {
    model,
    x: tensor(
      Float32Array.from({ length: rows * 784 }, () => Math.random() * 4 - 2),
      { shape: [rows, 784] },
    ),
    y: tensor(labels, { shape: [rows, 10] }),
    batchSize,
    steps,
  };
}

const WORKLOADS: Record<string, () => Workload> = { mlp };

/** The workload of that name. */
export function workload(name: string): Workload {
  const make = WORKLOADS[name];
  if (make) return make();
  throw new Error(`--workload must be one of ${Object.keys(WORKLOADS).join(', ')}, received ${name}`);
}

/** Milliseconds of a training step: one `fit` of one epoch, all that belongs to it included. */
export async function millisecondsPerStep(of: Workload, threads: number): Promise<number> {
  const { model, x, y, batchSize, steps } = of;
  const start = performance.now();
  await model.fit(x, y, { batchSize, epochs: 1, verbose: 0, threads });
  return (performance.now() - start) / steps;
}
