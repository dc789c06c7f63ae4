// Trains quickstart's regularized net on the digits for one epoch, from the built package, and says so.
import { readFileSync } from 'node:fs';
import { input, layers, regularizers, Sequential, setRandomSeed, tensor } from 'ridgeline';

const text = readFileSync(new URL('../../examples/data/digits.csv', import.meta.url), 'utf8');
const rows = text
  .trim()
  .split('\n')
  .slice(1)
  .map((line) => line.split(',').map(Number));
const x = tensor(rows.map((row) => row.slice(0, 64).map((pixel) => pixel / 16)));
const y = tensor(rows.map((row) => row[64]));

setRandomSeed(1);
const block = (units, rate) => [
  layers.dense(units, { kernelRegularizer: regularizers.l2(0.001) }),
  layers.batchNormalization(),
  layers.activation('relu'),
  layers.dropout(rate),
];
const model = new Sequential([
  input([64]),
  ...block(512, 0.3),
  ...block(256, 0.4),
  ...block(128, 0.3),
  layers.dense(10, { activation: 'softmax' }),
]).compile({ optimizer: 'adam', loss: 'sparseCategoricalCrossentropy', metrics: ['accuracy'] });
const { history } = await model.fit(x, y, { validationSplit: 0.2, verbose: 0 });
console.log(history.loss[0]);
