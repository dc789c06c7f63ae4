import * as ort from 'onnxruntime-node';
import { workload } from './workloads.js';
const { model, x, y, batchSize } = workload('mlp');
await model.trainOnBatch(x.rows(0, batchSize), y.rows(0, batchSize), { threads: 2 });
const session = await ort.InferenceSession.create(await model.export(), { intraOpNumThreads: 2 });
const pause = Number(process.argv[3] ?? 10);
for (const batch of (process.argv[2] ?? '1,32').split(',').map(Number)) {
  const rows = x.rows(0, batch);
  const data = rows.data as Float32Array;
  const runs = [() => model.predict(rows, { batchSize: batch, threads: 2 }), () => session.run({ [session.inputNames[0]!]: new ort.Tensor('float32', data, [batch, 784]) }), () => model.predictSync(rows, { batchSize: batch })];
  const t: number[][][] = [0, 1, 2].map(() => Array.from({ length: 20 }, () => []));
  for (let i = 0; i < 40; i++) for (let j = 0; j < 3; j++) {
    await new Promise((r) => setTimeout(r, pause));
    for (let k = 0; k < 20; k++) { const s = performance.now(); await runs[j]!(); t[j]![k]!.push(performance.now() - s); }
  }
  for (const l of t) console.log(batch, l.map((v) => (v.sort((p, q) => p - q)[20]! * 1000).toFixed(0)).join(' '));
}
