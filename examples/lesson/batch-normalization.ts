/** Batch normalization stands between the linear map and its activation. */
import { layers, Sequential } from 'ridgeline';

export const build = (): Sequential =>
  new Sequential([
    layers.input([784]),
    layers.dense(128),
    layers.batchNormalization(),
    layers.activation('relu'),
    layers.dense(10, { activation: 'softmax' }),
  ]);
