/** L2: the sum of the squared weights is part of the loss, which keeps them small. */
import { layers, regularizers, Sequential } from 'ridgeline';

export const build = (): Sequential =>
  new Sequential([
    layers.input([784]),
    layers.dense(64, { activation: 'relu', kernelRegularizer: regularizers.l2(0.01) }),
    layers.dense(10, { activation: 'softmax' }),
  ]);
