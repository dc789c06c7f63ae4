// With RIDGELINE_THREADS wrong: everything that asks for no threads of its own rejects, what does so works, and the
// process ends. Prints the code or the number of rows of each.
import { layers, Sequential } from '../../../dist/index.js';
import { numbers } from './small.mjs';

const [x, y] = [numbers(8, 3), numbers(8, 1)];
const model = new Sequential([layers.input([3]), layers.dense(1)]);
model.compile({ optimizer: 'sgd', loss: 'mse' });
const calls = {
  predict: (options) => model.predict(x, options),
  evaluate: (options) => model.evaluate(x, y, options),
  trainOnBatch: (options) => model.trainOnBatch(x, y, options),
  fit: (options) => model.fit(x, y, options),
};
for (const [name, call] of Object.entries(calls)) {
  const outcome = (options) =>
    call(options).then(
      () => 'done',
      (error) => error.code,
    );
  console.log(name, await outcome({}), await outcome({ threads: 2 }));
}
