// A worker that loads the package, trains, and tells the weights; or trains without end.
import { parentPort, workerData } from 'node:worker_threads';
import { model, numbers } from './small.mjs';

const net = model(64);
const [x, y] = [numbers(512, 64), numbers(512, 1)];
if (workerData.endless) {
  const onEpochEnd = (epoch) => epoch === 2 && parentPort.postMessage('training');
  await net.fit(x, y, { epochs: 1e6, callbacks: [{ onEpochEnd }] });
}
const { history } = await net.fit(x, y, { epochs: 5 });
parentPort.postMessage({ history, weights: net.getWeights().map((w) => [...w.data]) });
