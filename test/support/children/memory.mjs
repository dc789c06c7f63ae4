// Fits small models many times and prints how much resident memory grew after the first ones, in MiB.
import { model, numbers } from './small.mjs';

const [x, y] = [numbers(1024, 32), numbers(1024, 1)];
const kept = model(32);
async function fit(times) {
  for (let i = 0; i < times; i++) {
    await kept.fit(x, y, { batchSize: 256, validationSplit: 0.1 });
    const fresh = model(32);
    await fresh.fit(x, y, { batchSize: 256 });
    await fresh.predict(x);
  }
  for (let i = 0; i < 5; i++) {
    globalThis.gc();
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  return process.memoryUsage().rss / 2 ** 20;
}
// Allocators take hundreds of fits to settle.
const before = await fit(300);
const after = await fit(200);
console.log(JSON.stringify({ before, after }));
