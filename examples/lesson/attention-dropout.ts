/** Attention with dropout: some of what a word would take from the others is left out in training. */
import { input, layers, Model } from 'ridgeline';

export function build(): Model {
  const tokens = input({ shape: [64], dtype: 'int32' });
  const words = layers.embedding(10_000, 64, { maskZero: true })(tokens);
  const seen = layers.multiHeadAttention(4, 16, { dropout: 0.1 })(words, words);
  const x = layers.layerNormalization({ epsilon: 1e-6 })(layers.add()([words, layers.dropout(0.1)(seen)]));
  const pooled = layers.globalAveragePooling1d()(x);
  return new Model({ inputs: tokens, outputs: layers.dense(10, { activation: 'softmax' })(pooled) }) as Model;
}
