/**
 * A layer of one's own with private inner layers, in every way in which compilers lower a call of a private field.
 * Prints what training gives, which no compiler and no target may change.
 */
import {
  input,
  Layer,
  type layers as l,
  layers,
  ops,
  Sequential,
  type Shape,
  type SymbolicTensor,
  setRandomSeed,
  type Weight,
} from 'ridgeline';

class Gate extends Layer {
  static override readonly className: string = 'Gate';
  readonly #inner: l.Dense;
  readonly #maybe: l.Dense | undefined;
  readonly #many: readonly l.Dense[];
  visible: l.LayerNormalization | undefined = layers.layerNormalization();
  #scale!: Weight;

  constructor(units: number) {
    super({ name: 'gate' });
    this.#inner = layers.dense(units, { activation: 'sigmoid' });
    this.#maybe = layers.dense(units, { activation: 'tanh' });
    this.#many = [layers.dense(units), layers.dense(units)];
  }
  override build(shape: Shape): void {
    this.#scale = this.addWeight('scale', { shape: [shape.at(-1) ?? null], initializer: 'ones' });
  }
  override call(x: SymbolicTensor): SymbolicTensor {
    const gate = this.#inner(ops.mul(x, this.#scale) as SymbolicTensor);
    const value = this.#maybe?.(x, { training: false }) ?? x;
    const sum = this.#many.reduce((y, layer) => layer(y), ops.mul(gate, value) as SymbolicTensor);
    return this.visible?.(sum) ?? sum;
  }
}

setRandomSeed(5);
const model = new Sequential([input([3]), new Gate(4), layers.dense(1)]).compile({
  optimizer: 'adam',
  loss: 'mse',
});
const rows = Array.from({ length: 16 }, (_, i) => [Math.sin(i), Math.cos(i), i / 16]);
model
  .fit(
    rows,
    rows.map(([a, b]) => a! * b!),
    { epochs: 5, batchSize: 4, verbose: 0 },
  )
  .then(async ({ history }) => {
    const weights = model.weights.map(({ path }) => path);
    const onnx = (await model.export()).length;
    console.log(
      JSON.stringify({
        loss: history.loss,
        prediction: (await model.predict(rows.slice(0, 2))).toArray(),
        weights,
        onnx,
      }),
    );
  });
