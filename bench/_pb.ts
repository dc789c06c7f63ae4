import * as ort from 'onnxruntime-node';
import { workload } from './workloads.js';
const { model, x, y, batchSize } = workload('mlp');
await model.trainOnBatch(x.rows(0, batchSize), y.rows(0, batchSize), { threads: 2 });
const bytes = await model.export();
const session = await ort.InferenceSession.create(bytes, { intraOpNumThreads: 2 });
const batches = (process.argv[2] ?? '1,8,32,256,2048').split(',').map(Number);
for (const batch of batches) {
  const rows = x.rows(0, batch);
  const data = rows.data as Float32Array;
  const feed = () => ({ [session.inputNames[0]!]: new ort.Tensor('float32', data, [batch, 784]) });
  const t: number[][] = [[], [], []];
  const n = batch > 1000 ? 10 : batch > 100 ? 20 : 30;
  const runs = [() => model.predict(rows, { batchSize: batch, threads: 2 }), () => session.run(feed()), () => model.predictSync(rows, { batchSize: batch })];
  for (let i = 0; i < n; i++) for (let j = 0; j < 3; j++) {
    await new Promise((r) => setTimeout(r, 10));
    for (let k = 0; k < 3; k++) await runs[j]!();
    for (let k = 0; k < 10; k++) {
      const s = performance.now();
      await runs[j]!();
      t[j]!.push(performance.now() - s);
    }
  }
  const q = (f: number) => (v: number[]) => v.sort((p, q) => p - q)[(v.length * f) | 0]!.toFixed(3);
  console.log(`batch ${batch}: median ${t.map(q(0.5)).join(' ')}  decile ${t.map(q(0.1)).join(' ')} (predict2 ort sync) ×${(Number(q(0.5)(t[1]!)) / Number(q(0.5)(t[0]!))).toFixed(2)} ×${(Number(q(0.1)(t[1]!)) / Number(q(0.1)(t[0]!))).toFixed(2)}`);
}
