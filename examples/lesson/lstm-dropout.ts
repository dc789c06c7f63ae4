/** An LSTM with both dropouts: of its inputs, and of its state. */
import { input, layers, Sequential } from 'ridgeline';

export const build = (): Sequential =>
  new Sequential([
    input({ shape: [100], dtype: 'int32' }),
    layers.embedding(10_000, 128),
    layers.lstm(64, { dropout: 0.2, recurrentDropout: 0.2 }),
    layers.dropout(0.3),
    layers.dense(10, { activation: 'softmax' }),
  ]);
