/** All of it: penalties, batch normalization and dropout in every hidden block. */
import { layers, regularizers, Sequential } from 'ridgeline';

export function buildRegularizedModel(inputSize: number, classes: number): Sequential {
  const block = (units: number, rate: number) => [
    layers.dense(units, { kernelRegularizer: regularizers.l2(0.001) }),
    layers.batchNormalization(),
    layers.activation('relu'),
    layers.dropout(rate),
  ];
  const model = new Sequential([
    layers.input([inputSize]),
    ...block(512, 0.3),
    ...block(256, 0.4),
    ...block(128, 0.3),
    layers.dense(classes, { activation: 'softmax' }),
  ]);
  return model.compile({
    optimizer: 'adam',
    loss: 'sparseCategoricalCrossentropy',
    metrics: ['accuracy'],
  });
}
