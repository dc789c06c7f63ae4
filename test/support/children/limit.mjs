// Does one thing with a model of 12 MB and data of 50 MB again and again, each time with so many more MiB of address
// space than it has, with no garbage left (--expose-gc). Prints how many these are, and then what it rejected with, or
// 'done', which is the end of it.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { layers, loadModel, ops, Sequential, tensor } from '../../../dist/index.js';

const [verb, path, ...more] = process.argv.slice(2);
const [rows, width] = [12_800, 1024];
const x = tensor(new Float32Array(rows * width).fill(0.5), { shape: [rows, width] });
const y = tensor(new Float32Array(rows).fill(1), { shape: [rows, 1] });
const few = [x, y].map((t) => tensor(t.data.slice(0, 1000 * t.shape[1]), { shape: [1000, t.shape[1]] }));
const model = new Sequential([layers.input([width]), layers.dense(2048), layers.dense(512), layers.dense(1)]);
model.compile({ optimizer: 'adam', loss: 'mse' });
// Waits until all values are drawn.
model.getWeights();
const verbs = {
  save: () => model.save(path),
  load: () => loadModel(path),
  getWeights: async () => model.getWeights(),
  ops: async () => ops.relu(x),
  booleans: async () => ops.greater(x, 0),
  export: () => model.export(),
  exportToFile: () => model.export(`${path}.onnx`),
  predict: () => model.predict(x),
  evaluate: () => model.evaluate(x, y),
  trainOnBatch: () => model.trainOnBatch(x, y),
  fitOfFew: () => model.fit(...few, { batchSize: 256 }),
  fit: () => model.fit(x, y, { batchSize: 256, validationSplit: 0.5 }),
};
if (verb === 'load') await model.save(path);

const used = () => Number(/^VmSize:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'))[1]) * 1024;
/** Bytes of address space in use when nobody gives any back any more, as threads do that end. */
async function settled() {
  let bytes = used();
  for (let alike = 0; alike < 3; ) {
    globalThis.gc();
    await new Promise((resolve) => setTimeout(resolve, 20));
    const now = used();
    alike = now === bytes ? alike + 1 : 0;
    bytes = now;
  }
  return bytes;
}

/** Soft limit of the address space. */
const limit = (bytes) => execFileSync('prlimit', ['--pid', process.pid, `--as=${bytes}:`]);
for (const mebibytes of more) {
  limit((await settled()) + Number(mebibytes) * 2 ** 20);
  console.log(mebibytes);
  const outcome = await verbs[verb]().then(
    () => 'done',
    (error) => `${error?.name} ${error?.code}: ${error?.message}`,
  );
  console.log(outcome);
  limit('unlimited');
  if (outcome === 'done') break;
}
