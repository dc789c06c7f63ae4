// Predicts, 64 calls at a time, and trains, while environment variables come and go: native threads that read the
// environment would find it half changed.
import { model, numbers } from './small.mjs';

const net = model(32);
const [x, y] = [numbers(64, 32), numbers(64, 1)];
const end = Date.now() + Number(process.argv[2]);
let [calls, changes] = [0, 0];

async function predict() {
  while (Date.now() < end) {
    await Promise.all(Array.from({ length: 64 }, () => net.predict(x, { batchSize: 8 })));
    calls += 64;
  }
}
async function train() {
  while (Date.now() < end) await net.fit(x, y);
}
async function change() {
  // New names each time, so that the list of variables moves as it grows.
  for (; Date.now() < end; await new Promise(setImmediate)) {
    for (let i = 0; i < 500; i++, changes++) process.env[`RIDGELINE_TEST_${changes}`] = 'x'.repeat(i);
    for (let i = 1; i <= 500; i++) delete process.env[`RIDGELINE_TEST_${changes - i}`];
  }
}
await Promise.all([predict(), train(), change()]);
console.log(JSON.stringify({ calls, changes }));
