// Trains a model whose activations are large, disposes it, and prints by how many MiB resident memory shrank at once.
import { layers, Sequential } from '../../../dist/index.js';
import { numbers } from './small.mjs';

const rows = 20_000;
const [x, y] = [numbers(rows, 64), numbers(rows, 1)];
const model = new Sequential([layers.dense(1024, { activation: 'tanh' }), layers.dense(1)]);
model.compile({ optimizer: 'sgd', loss: 'mse' });
await model.fit(x, y, { batchSize: rows });
const before = process.memoryUsage().rss;
model.dispose();
console.log((before - process.memoryUsage().rss) / 2 ** 20);
