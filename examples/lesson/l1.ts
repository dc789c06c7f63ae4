/** L1: the sum of the absolute weights is part of the loss, which makes many of them 0. */
import { layers, regularizers, Sequential } from 'ridgeline';

export const build = (): Sequential =>
  new Sequential([
    layers.input([784]),
    layers.dense(64, { activation: 'relu', kernelRegularizer: regularizers.l1(0.01) }),
    layers.dense(10, { activation: 'softmax' }),
  ]);
