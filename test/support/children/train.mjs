// Trains with the number of threads given and prints a hash of the weights' bits, and the history.
import { createHash } from 'node:crypto';
import { layers, regularizers, runtime, Sequential, setRandomSeed } from '../../../dist/index.js';
import { numbers } from './small.mjs';

const results = {};
for (const threads of process.argv.slice(2).map(Number)) {
  setRandomSeed(11);
  // Sizes that are no multiples of any tile, and a last batch that is smaller.
  const model = new Sequential([
    layers.input([37]),
    layers.dense(131, { kernelRegularizer: regularizers.l2(0.001) }),
    layers.batchNormalization(),
    layers.activation('relu'),
    layers.dropout(0.3),
    layers.dense(67, { activation: 'gelu', kernelRegularizer: regularizers.l1(0.0001) }),
    layers.layerNormalization(),
    layers.dense(3),
  ]).compile({ optimizer: 'adam', loss: 'mse', metrics: ['mae'] });
  const options = { epochs: 3, batchSize: 96, validationSplit: 0.2, threads };
  const { history } = await model.fit(numbers(701, 37), numbers(701, 3), options);
  const hash = createHash('sha256');
  for (const weight of model.getWeights()) hash.update(weight.data);
  const predicted = await model.predict(numbers(100, 37), { threads });
  results[threads] = { weights: hash.digest('hex'), history, predicted: [...predicted.data.subarray(0, 5)] };
}
console.log(JSON.stringify({ isa: runtime().isa, results }));
