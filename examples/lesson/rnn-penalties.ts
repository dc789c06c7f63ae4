/** The recipe for recurrent nets: penalties on both kernels, both dropouts, and dropout between the layers. */
import { input, layers, regularizers, Sequential } from 'ridgeline';

const recurrent = {
  dropout: 0.2,
  recurrentDropout: 0.2,
  kernelRegularizer: regularizers.l2(0.001),
  recurrentRegularizer: regularizers.l2(0.001),
};

export const build = (): Sequential =>
  new Sequential([
    input([28, 28]),
    layers.lstm(64, { ...recurrent, returnSequences: true }),
    layers.dropout(0.3),
    layers.lstm(32, recurrent),
    layers.dropout(0.3),
    layers.dense(10, { activation: 'softmax' }),
  ]);
