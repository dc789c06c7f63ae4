/** Dropout: half of the hidden units are left out of every training step. */
import { layers, Sequential } from 'ridgeline';

export const build = (): Sequential =>
  new Sequential([
    layers.input([784]),
    layers.dense(128, { activation: 'relu' }),
    layers.dropout(0.5),
    layers.dense(10, { activation: 'softmax' }),
  ]);
