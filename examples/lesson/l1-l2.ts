/** Elastic net: both penalties together. */
import { layers, regularizers, Sequential } from 'ridgeline';

export const build = (): Sequential =>
  new Sequential([
    layers.input([784]),
    layers.dense(64, {
      activation: 'relu',
      kernelRegularizer: regularizers.l1L2({ l1: 0.01, l2: 0.01 }),
    }),
    layers.dense(10, { activation: 'softmax' }),
  ]);
