/**
 * The longest pause of the event loop, in milliseconds, while each verb that returns a promise is at work.
 *
 * usage: npm run bench -- lag [--rows n] [--features n] [--units n] [--json]
 *
 * A pause is the time between two turns of a loop that does nothing but take turns. V8's own collections are in it,
 * the tracing of the model, which the first call of each verb does, is not.
 */
import { rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { input, layers, loadModel, Sequential, type Tensor, tensor } from 'ridgeline';
import { count } from './arguments.js';
import { digits } from './statistics.js';

const { values } = parseArgs({
  args: process.argv.slice(2),
  options: {
    rows: { type: 'string', default: '1000000' },
    features: { type: 'string', default: '30' },
    units: { type: 'string', default: '3000' },
    json: { type: 'boolean', default: false },
  },
});
const [rows, features, units] = [
  count('rows', values.rows),
  count('features', values.features),
  count('units', values.units),
];

/** Rows of the first call, which traces. */
const FEW = 64;
const batchSize = 4096;

/** The longest time between two turns while `work` is under way. */
async function longestPause(work: () => Promise<unknown>): Promise<number> {
  let [longest, last, over] = [0, performance.now(), false];
  const turn = (): void => {
    const now = performance.now();
    longest = Math.max(longest, now - last);
    last = now;
    if (!over) setImmediate(turn);
  };
  setImmediate(turn);
  await work();
  over = true;
  return Math.max(longest, performance.now() - last);
}

const net = new Sequential([input([features]), layers.dense(16, { activation: 'relu' }), layers.dense(1)]);
net.compile({ optimizer: 'adam', loss: 'mse' });
const x = tensor(Float32Array.from({ length: rows * features }, Math.random), { shape: [rows, features] });
const y = tensor(Float32Array.from({ length: rows }, Math.random), { shape: [rows, 1] });
const wide = new Sequential([input([units]), layers.dense(units), layers.dense(units)]);
wide.compile({ optimizer: 'adam', loss: 'mse' });
const row = tensor(new Float32Array(units), { shape: [1, units] });
await wide.trainOnBatch(row, row);

const file = join(tmpdir(), `ridgeline-lag-${process.pid}`);
const few = [x.rows(0, FEW), y.rows(0, FEW)] as const;
const verbs: Record<string, (x: Tensor, y: Tensor) => Promise<unknown>> = {
  fit: (x, y) => net.fit(x, y, { batchSize, verbose: 0 }),
  'fit, validationSplit': (x, y) => net.fit(x, y, { batchSize, verbose: 0, validationSplit: 0.2 }),
  evaluate: (x, y) => net.evaluate(x, y, { batchSize }),
  predict: (x) => net.predict(x, { batchSize }),
  save: () => wide.save(file),
  loadModel: () => loadModel(file),
  export: () => wide.export(`${file}.onnx`),
  'normalization.adapt': (x) => layers.normalization().adapt(x),
};
const found: Record<string, number> = {};
try {
  for (const [name, verb] of Object.entries(verbs)) {
    await verb(...few);
    const pause = await longestPause(() => verb(x, y));
    found[name] = pause;
    if (!values.json) console.log(`${name.padEnd(24)}${digits(pause).padStart(8)}`);
  }
} finally {
  rmSync(file, { force: true });
  rmSync(`${file}.onnx`, { force: true });
}
if (values.json) console.log(JSON.stringify(found));
