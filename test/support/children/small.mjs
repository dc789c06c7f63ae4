// What the child processes share: the built package, a model and data for it.
import { layers, Sequential, setRandomSeed, tensor } from '../../../dist/index.js';

/** `rows` × `columns` numbers in [-1, 1), always the same ones. */
export function numbers(rows, columns) {
  const data = Float32Array.from({ length: rows * columns }, (_, i) => ((i * 7919 + 13) % 1009) / 504.5 - 1);
  return tensor(data, { shape: [rows, columns] });
}

/** A compiled model of that width. */
export function model(width) {
  setRandomSeed(7);
  return new Sequential([
    layers.input([width]),
    layers.dense(width, { activation: 'relu' }),
    layers.batchNormalization(),
    layers.dropout(0.2),
    layers.dense(1),
  ]).compile({ optimizer: 'adam', loss: 'mse' });
}
