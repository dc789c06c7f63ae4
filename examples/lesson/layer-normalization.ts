/** Layer normalization: each sample by its own mean and variance, in training and after it alike. */
import { layers, Sequential } from 'ridgeline';

export const build = (): Sequential =>
  new Sequential([
    layers.input([784]),
    layers.dense(128),
    layers.layerNormalization({ epsilon: 1e-6 }),
    layers.activation('relu'),
    layers.dense(10, { activation: 'softmax' }),
  ]);
