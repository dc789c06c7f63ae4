/** A regularized Transformer block as a layer of one's own: dropout in three places, penalties on the wide layers. */
import {
  input,
  Layer,
  type LayerOptions,
  layers,
  Model,
  ops,
  regularizers,
  type SymbolicTensor,
} from 'ridgeline';

export interface BlockConfig extends LayerOptions {
  readonly size: number;
  readonly heads: number;
  readonly wide: number;
  readonly rate: number;
}

export class RegularizedTransformerBlock extends Layer {
  static override readonly className = 'RegularizedTransformerBlock';
  readonly #config: BlockConfig;
  readonly #attend: layers.MultiHeadAttention;
  readonly #wide: layers.Dense;
  readonly #narrow: layers.Dense;
  readonly #dropped: layers.Dropout[];
  readonly #norms = [
    layers.layerNormalization({ epsilon: 1e-6 }),
    layers.layerNormalization({ epsilon: 1e-6 }),
  ];

  constructor(config: BlockConfig) {
    const { size, heads, wide, rate, ...common } = config;
    super(common);
    this.#config = config;
    const penalty = { kernelRegularizer: regularizers.l2(0.001) };
    this.#attend = layers.multiHeadAttention(heads, size / heads, { dropout: rate });
    this.#wide = layers.dense(wide, { activation: 'relu', ...penalty });
    this.#narrow = layers.dense(size, penalty);
    this.#dropped = [1, 2, 3].map(() => layers.dropout(rate));
  }

  override call(x: SymbolicTensor): SymbolicTensor {
    const [first, second, third] = this.#dropped as [layers.Dropout, layers.Dropout, layers.Dropout];
    const [before, behind] = this.#norms as [layers.LayerNormalization, layers.LayerNormalization];
    const seen = this.#attend(x, x) as SymbolicTensor;
    const h = before(ops.add(x, first(seen)));
    const y = this.#narrow(second(this.#wide(h)));
    return behind(ops.add(h, third(y)));
  }

  override getConfig(): Record<string, unknown> {
    const { size, heads, wide, rate } = this.#config;
    return { ...super.getConfig(), size, heads, wide, rate };
  }
}

export function build(): Model {
  const tokens = input({ shape: [64], dtype: 'int32' });
  const words = layers.embedding(10_000, 64)(tokens);
  const x = new RegularizedTransformerBlock({ size: 64, heads: 4, wide: 128, rate: 0.1 })(words);
  const pooled = layers.globalAveragePooling1d()(x);
  return new Model({ inputs: tokens, outputs: layers.dense(10, { activation: 'softmax' })(pooled) }) as Model;
}
