/**
 * A strict project that uses what the package exports, as an ES module.
 */
import {
  Callback,
  type CallbackLike,
  callbacks,
  type FitOptions,
  input,
  isRidgelineError,
  Layer,
  type LayerOptions,
  type Logs,
  layers,
  loadModel,
  Model,
  metrics,
  ops,
  optimizers,
  regularizers,
  Sequential,
  type Shape,
  type SymbolicTensor,
  type Tensor,
  type TrainedModel,
  tensor,
  type Weight,
} from 'ridgeline';

/** Fails to compile unless both types are the same. */
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : never;
const same = <A, B>(_: Same<A, B>): void => {};

class Scale extends Layer {
  static override readonly className: string = 'Scale';
  readonly #inner = layers.dense(4, {
    activation: 'leaky_relu',
    kernelRegularizer: regularizers.l1L2({ l1: 1e-4, l2: 1e-4 }),
  });
  #factor!: Weight;

  constructor(options: LayerOptions = {}) {
    super(options);
  }
  override build(shape: Shape): void {
    this.#factor = this.addWeight('factor', { shape: [shape.at(-1) ?? null], initializer: 'ones' });
  }
  override call(x: SymbolicTensor): SymbolicTensor {
    return this.#inner(ops.mul(x, this.#factor), { training: false });
  }
}

/** Concrete tensors give concrete ones. */
export function eager(): number {
  const t = tensor([[1, 2]]);
  // @ts-expect-error: a tensor with values is no symbolic one.
  const symbolic: SymbolicTensor = t;
  return ops.sum(ops.add(layers.dense(2)(t), t)).item() + Number(symbolic === undefined);
}

/** Its hooks are known to the compiler. */
export class Watcher extends Callback {
  override async onEpochEnd(epoch: number, logs: Logs): Promise<void> {
    if (epoch > 0 && logs.loss === 0) this.model.stopTraining = true;
  }
}

/** What is known of the model that is trained; `setModel` may ask for more. */
export class Checkpoints extends Callback {
  #own: Model | undefined;

  override setModel(model: Model): void {
    super.setModel(model);
    this.#own = model;
  }
  override async onEpochEnd(epoch: number): Promise<void> {
    const { model } = this;
    const [first] = model.getWeights();
    const { loss } = await model.evaluate({ features: [[1, 2, 3, 4]] }, [0]);
    const p: Tensor = await model.predict([[1, 2, 3, 4]], { batchSize: 1 });
    if (loss > p.item() + (first?.size ?? 0)) model.optimizer.learningRate /= 2;
    await model.save(`${model.name}-${epoch}`);
    const bytes: Uint8Array = await model.export();
    // @ts-expect-error: an option of another verb.
    model.predictSync([[1, 2, 3, 4]], { opset: bytes.length });
    const followed: TrainedModel | undefined = this.#own;
    followed?.setWeights(model.getWeights());
  }
}
/** The same as a plain object. */
export const plain: CallbackLike = { setModel: (model: Model) => void model.summary() };

export async function train(): Promise<number[]> {
  const x = input([4], { name: 'features' });
  const hidden = new Scale()(x);
  same<typeof hidden, SymbolicTensor>(true);
  const model = new Model({ inputs: x, outputs: layers.dense(3, { activation: 'softmax' })(hidden) }).compile(
    {
      optimizer: optimizers.adam({ learningRate: 0.01 }),
      loss: 'sparseCategoricalCrossentropy',
      metrics: ['accuracy'],
    },
  );
  same<typeof model, Model<'accuracy'>>(true);
  const stopping: Callback = callbacks.earlyStopping({
    monitor: 'val_accuracy',
    patience: 2,
    restoreBestWeights: true,
  });
  const { history } = await model.fit(tensor([[1, 2, 3, 4]]), [0], {
    epochs: 2,
    validationSplit: 0.5,
    callbacks: [stopping, { onEpochEnd: (_, logs) => void logs.loss }],
  });
  same<typeof history.val_accuracy, number[]>(true);
  // @ts-expect-error: no such metric was asked for.
  history.precision;
  const own = new Sequential().compile({
    loss: (yTrue, yPred) => ops.mean(ops.square(ops.sub(yTrue, yPred)), { axis: -1 }),
    metrics: ['mae', (yTrue, yPred) => ops.abs(ops.sub(yTrue, yPred))],
  });
  // Keys that are known stay so, beside those of functions.
  same<typeof own, Sequential<'mae' | (string & Record<never, never>)>>(true);
  const bare = new Sequential().compile({ loss: 'mse' });
  same<typeof bare, Sequential<never>>(true);
  const weighted = new Sequential().compile({ loss: 'mse', metrics: ['mae'], weightedMetrics: ['mse'] });
  same<typeof weighted, Sequential<'mae' | 'mse'>>(true);
  await model.fit([[1, 2, 3, 4]], [0], {
    callbacks: [callbacks.earlyStopping({ monitor: 'val_accuracy' })],
  });
  const twin = new Model({ inputs: x, outputs: [hidden, layers.dense(1)(hidden)] });
  const [first, second]: Tensor[] = await twin.predict([[1, 2, 3, 4]]);
  same<typeof first, typeof second>(true);
  const nested: SymbolicTensor = layers.dense(1)(model(x));
  same<typeof nested, SymbolicTensor>(true);
  await model.fit([[1, 2, 3, 4]], [0], {
    // @ts-expect-error: nor can it be monitored.
    callbacks: [callbacks.earlyStopping({ monitor: 'val_precision' })],
  });
  // @ts-expect-error: a spelling mistake.
  new Sequential().compile({ optimizer: 'adam', loss: 'mse', metrics: ['acuracy'] });
  // @ts-expect-error: an option of another layer.
  layers.dropout(0.5, { units: 3 });
  const p: Tensor = await model.predict([[1, 2, 3, 4]]);
  const bytes: Uint8Array = await model.export();
  return [...history.loss, p.data[0] ?? 0, bytes.length];
}

export function code(error: unknown): string | undefined {
  return isRidgelineError(error) ? error.code : undefined;
}

export const known = Object.keys(metrics);

/** What it knows of logs where a metric is a function. */
export async function ofFunctions(): Promise<void> {
  const last = (_: SymbolicTensor, p: SymbolicTensor): SymbolicTensor => p;
  const net = new Sequential([layers.input([2]), layers.dense(1)]).compile({
    loss: 'mse',
    metrics: ['mae', last],
  });
  const stops = callbacks.earlyStopping({ monitor: 'val_last', mode: 'min' });
  const { history } = await net.fit([[1, 2]], [1], { callbacks: [stops] });
  same<typeof history.mae, number[]>(true);
  same<typeof history.last, number[] | undefined>(true);
}

/** What the compiler knows of a fit, of outputs and of files. */
export async function typed(): Promise<void> {
  const net = new Sequential([layers.input([2]), layers.dense(1)]).compile({
    loss: 'mse',
    metrics: ['mae'],
    weightedMetrics: ['mae'],
  });
  const [x, y] = [[[1, 2]], [1]] as [number[][], number[]];
  const { history } = await net.fit(x, y);
  same<typeof history.mae, number[]>(true);
  same<typeof history.weighted_mae, number[]>(true);
  // @ts-expect-error: nothing is validated.
  history.val_loss;
  const validated = await net.fit(x, y, { validationData: [x, y] });
  same<typeof validated.history.val_mae, number[]>(true);
  await net.fit(() => [{ x, y }], { stepsPerEpoch: 1 });
  const options: FitOptions = { epochs: 2, callbacks: [callbacks.earlyStopping({ monitor: 'loss' })] };
  await net.fit(x, y, options);
  const i = input([2]);
  const two = new Model({ inputs: i, outputs: [layers.dense(1)(i), layers.dense(2)(i)] });
  const [first, second] = await two.predict(x);
  same<typeof first, Tensor<'float32'>>(true);
  same<typeof second, Tensor<'float32'>>(true);
  const again = await loadModel<'mae', readonly [SymbolicTensor, SymbolicTensor]>('two.safetensors');
  const [a] = await again.predict(x);
  same<typeof a, Tensor<'float32'>>(true);
}
