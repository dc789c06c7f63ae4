/**
 * Layers of one's own, as users write them.
 */
import {
  Layer,
  type LayerOptions,
  layers,
  ops,
  type Shape,
  type SymbolicTensor,
  type Weight,
} from 'ridgeline';

/** Dense, normalized, dropped out; its layers are private. */
export class Block extends Layer {
  static override readonly className = 'Block';
  readonly units: number;
  readonly #dense: layers.Dense;
  readonly #norm = layers.batchNormalization();
  readonly #drop = layers.dropout(0.5);

  constructor(config: LayerOptions & { units: number }) {
    super(config);
    this.units = config.units;
    this.#dense = layers.dense(config.units);
  }
  override call(x: SymbolicTensor): SymbolicTensor {
    return this.#drop(this.#norm(this.#dense(x)));
  }
  override getConfig(): Record<string, unknown> {
    return { ...super.getConfig(), units: this.units };
  }
}

/** Multiplies each column by a weight that begins with 2. */
export class Scale extends Layer {
  static override readonly className: string = 'Scale';
  #factor!: Weight;

  override build(shape: Shape): void {
    const initializer = { name: 'constant', value: 2 };
    this.#factor = this.addWeight('factor', { shape: [shape.at(-1) ?? null], initializer });
  }
  override call(x: SymbolicTensor): SymbolicTensor {
    return ops.mul(x, this.#factor);
  }
}
