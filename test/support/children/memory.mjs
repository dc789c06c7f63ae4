// Fits many times, one model again and again or a new one each time, and prints by how many MiB memory in use grew
// after the first fits, with which allocators settle. Collects garbage itself only under --expose-gc.
import { model, numbers } from './small.mjs';

const [kind, first, then, bound] = process.argv.slice(2);
const rows = kind === 'large' ? 100_000 : 1024;
const [x, y] = [numbers(rows, 32), numbers(rows, 1)];
const kept = model(32);

async function resident(fits) {
  for (let i = 0; i < fits; i++) {
    const net = kind === 'fresh' ? model(32) : kept;
    await net.fit(x, y, { batchSize: rows / 4, validationSplit: 0.1 });
    await net.predict(x);
  }
  // What waits to be given back needs turns of the event loop, of which a busy machine gives few at a time.
  for (let i = 0; i < 20; i++) {
    globalThis.gc?.();
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  // What V8 holds in reserve beside what is in use comes and goes by more than is looked for.
  const { rss, heapTotal, heapUsed } = process.memoryUsage();
  return (rss - heapTotal + heapUsed) / 2 ** 20;
}

// What stays grows by as much every time; a system that gives large pages where it gave small ones does so once.
let before = await resident(Number(first));
let least = Number.POSITIVE_INFINITY;
for (let turn = 0; turn < 3 && least >= Number(bound); turn++) {
  const now = await resident(Number(then));
  least = Math.min(least, now - before);
  before = now;
}
console.log(least);
