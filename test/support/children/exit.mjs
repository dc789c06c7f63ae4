// Exits in the middle of a fit: by process.exit with the code given, or by an error that nobody catches.
import { model, numbers } from './small.mjs';

const [how, code] = process.argv.slice(2);
const net = model(256);
let epochs = 0;
const onEpochEnd = () => {
  if (epochs++ === 0) console.log('training');
};
net.fit(numbers(4096, 256), numbers(4096, 1), { epochs: 1e6, batchSize: 64, callbacks: [{ onEpochEnd }] });
setTimeout(() => {
  if (how === 'throw') throw new Error('uncaught');
  process.exit(Number(code));
}, 400);
