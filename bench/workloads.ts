/**
 * The reference workloads: the model, its data and its batch.
 */
import {
  input,
  Layer,
  layers,
  Model,
  ops,
  regularizers,
  Sequential,
  type Shape,
  type SymbolicTensor,
  setRandomSeed,
  type Tensor,
  tensor,
  type Weight,
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

/** Words of the texts that sequences are made of, and the size of their vectors. */
const [WORDS, SIZE] = [10_000, 128];
const l2 = () => regularizers.l2(1e-3);

/** Rows of random words. */
function texts(rows: number, time: number): Tensor {
  const words = Int32Array.from({ length: rows * time }, () => Math.floor(Math.random() * WORDS));
  return tensor(words, { shape: [rows, time] });
}

/** Products of a recurrent layer of so many gates, forward and twice as much backward. */
const recurrentFlops = (rows: number, features: number, units: number, gates: number): number =>
  3 * 2 * rows * gates * units * (features + units);

/** Embedding → LSTM 64, L2 1e-3 on both kernels, dropout .2 → Dropout .3 → Dense 1 sigmoid, Adam; 100 steps of time. */
function lstm(recurrentDropout: number): Workload {
  const [batchSize, steps, time, units] = [32, recurrentDropout > 0 ? 15 : 30, 100, 64];
  setRandomSeed(0);
  const penalties = { kernelRegularizer: l2(), recurrentRegularizer: l2() };
  const model = new Sequential([
    input({ shape: [time], dtype: 'int32' }),
    layers.embedding(WORDS, SIZE),
    layers.lstm(units, { dropout: 0.2, recurrentDropout, ...penalties }),
    layers.dropout(0.3),
    layers.dense(1, { activation: 'sigmoid' }),
  ]).compile({ optimizer: 'adam', loss: 'binaryCrossentropy', metrics: ['accuracy'] });
  const rows = batchSize * steps;
  const y = tensor(
    Float32Array.from({ length: rows }, () => Math.round(Math.random())),
    { shape: [rows, 1] },
  );
  const flops = recurrentFlops(batchSize * time, SIZE, units, 4);
  return { model, x: texts(rows, time), y, batchSize, steps, epochs: 1, flops };
}

/** GRU of 256 units over 200 steps of 128 features → Dense 1, Adam. */
function gru(): Workload {
  const [batchSize, steps, time, units] = [32, 6, 200, 256];
  setRandomSeed(0);
  const model = new Sequential([input([time, SIZE]), layers.gru(units), layers.dense(1)]).compile({
    optimizer: 'adam',
    loss: 'mse',
  });
  const rows = batchSize * steps;
  const x = numbers(rows, time * SIZE).reshape([rows, time, SIZE]);
  const flops = recurrentFlops(batchSize * time, SIZE, units, 3);
  return { model, x, y: numbers(rows, 1), batchSize, steps, epochs: 1, flops };
}

/** Adds a learned vector to each place of a text. */
class Positions extends Layer {
  static override readonly className = 'Positions';
  #weight!: Weight;
  override build(shape: Shape): void {
    this.#weight = this.addWeight('positions', { shape: shape.slice(1), initializer: 'randomUniform' });
  }
  override call(x: SymbolicTensor): SymbolicTensor {
    return ops.add(x, this.#weight);
  }
}

/** Attention and a small dense net, each added to what goes in and normalized behind. */
class Block extends Layer {
  static override readonly className = 'Block';
  readonly #attend;
  readonly #wide;
  readonly #narrow;
  readonly #isCausal: boolean;
  readonly #drops = [1, 2, 3].map(() => layers.dropout(0.1));
  readonly #norms = [1, 2].map(() => layers.layerNormalization({ epsilon: 1e-6 }));

  constructor(size: number, heads: number, wide: number, isCausal: boolean) {
    super({});
    this.#isCausal = isCausal;
    this.#attend = layers.multiHeadAttention(heads, size / heads, { dropout: 0.1 });
    this.#wide = layers.dense(wide, { activation: 'relu', kernelRegularizer: l2() });
    this.#narrow = layers.dense(size, { kernelRegularizer: l2() });
  }
  override call(x: SymbolicTensor): SymbolicTensor {
    const [a, b, c] = this.#drops as [layers.Dropout, layers.Dropout, layers.Dropout];
    const [first, second] = this.#norms as [layers.LayerNormalization, layers.LayerNormalization];
    const seen = this.#attend(x, x, undefined, { useCausalMask: this.#isCausal }) as SymbolicTensor;
    const h = first(ops.add(x, a(seen)));
    return second(ops.add(h, c(this.#narrow(b(this.#wide(h))))));
  }
}

/** Products of so many blocks: four dense layers of attention, its two products, and the dense net. */
const blockFlops = (blocks: number, rows: number, time: number, size: number, wide: number): number =>
  3 * 2 * blocks * rows * (4 * size * size + 2 * time * size + 2 * size * wide);

/** Embedding and positions, 128 words → two blocks of 8 heads → mean → Dense 2 softmax, Adam. */
function transformer(): Workload {
  const [batchSize, steps, time, blocks] = [32, 12, 128, 2];
  setRandomSeed(0);
  const tokens = input({ shape: [time], dtype: 'int32' });
  let x = new Positions()(layers.embedding(WORDS, SIZE)(tokens)) as SymbolicTensor;
  for (let i = 0; i < blocks; i++) x = new Block(SIZE, 8, 512, false)(x);
  const pooled = layers.globalAveragePooling1d()(x);
  const outputs = layers.dense(2, { activation: 'softmax' })(pooled);
  const model = new Model({ inputs: tokens, outputs });
  model.compile({ optimizer: 'adam', loss: 'sparseCategoricalCrossentropy', metrics: ['accuracy'] });
  const rows = batchSize * steps;
  const y = tensor(Int32Array.from({ length: rows }, () => Math.round(Math.random())));
  const flops = blockFlops(blocks, batchSize * time, time, SIZE, 512);
  return { model: model as Model, x: texts(rows, time), y, batchSize, steps, epochs: 1, flops };
}

/** A language model: 256 words → four causal blocks of width 256 and 8 heads → a score for each of 1000 words, Adam. */
function causalLm(): Workload {
  const [batchSize, steps, time, size, blocks, words] = [8, 3, 256, 256, 4, 1000];
  setRandomSeed(0);
  const tokens = input({ shape: [time], dtype: 'int32' });
  let x = new Positions()(layers.embedding(words, size)(tokens)) as SymbolicTensor;
  for (let i = 0; i < blocks; i++) x = new Block(size, 8, 4 * size, true)(x);
  const outputs = layers.dense(words, { activation: 'softmax' })(x);
  const model = new Model({ inputs: tokens, outputs });
  model.compile({ optimizer: 'adam', loss: 'sparseCategoricalCrossentropy' });
  const rows = batchSize * steps;
  const of = Int32Array.from({ length: rows * (time + 1) }, () => Math.floor(Math.random() * words));
  const x0 = tensor(of.slice(0, rows * time), { shape: [rows, time] });
  const y = tensor(of.slice(rows), { shape: [rows, time] });
  const head = 3 * 2 * batchSize * time * size * words;
  const flops = blockFlops(blocks, batchSize * time, time, size, 4 * size) + head;
  return { model: model as Model, x: x0, y, batchSize, steps, epochs: 1, flops };
}

const WORKLOADS: Record<string, () => Workload> = {
  // biome-ignore format: one workload a line.
  mlp: () => regularized(784, [[512, 0.3], [256, 0.4], [128, 0.3]], 128, 30),
  // biome-ignore format: one workload a line.
  wide: () => regularized(1024, [[2048, 0.3], [2048, 0.3], [2048, 0.3]], 512, 5),
  tiny,
  lstm_plain: () => lstm(0),
  lstm_recdrop: () => lstm(0.2),
  gru,
  transformer,
  causal_lm: causalLm,
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
