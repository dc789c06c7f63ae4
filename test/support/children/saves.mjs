// Saves or exports a model to one path again and again, and says so after the first time. Its weights are all `value`,
// which its width depends on.
import { layers, Sequential, tensor } from '../../../dist/index.js';

const [verb, path, given, times] = process.argv.slice(2);
const value = Number(given);
const width = 300 + value;
const model = new Sequential([layers.input([width]), layers.dense(width)]);
model.setWeights(
  model.getWeights().map(({ size, shape }) => tensor(new Float32Array(size).fill(value), { shape })),
);
for (let i = 0; i < Number(times); i++) {
  await model[verb](path);
  if (i === 0) console.log('saving');
}
