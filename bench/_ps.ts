import { workload } from './workloads.js';
const { model, x, y, batchSize } = workload('mlp');
await model.trainOnBatch(x.rows(0, batchSize), y.rows(0, batchSize), { threads: 2 });
const batch = Number(process.argv[2]); const n = Number(process.argv[3]); const th = Number(process.argv[4]);
const rows = x.rows(0, batch);
for (let i = 0; i < n; i++) { await model.predict(rows, { batchSize: batch, threads: th }); }
const s = performance.now();
for (let i = 0; i < n; i++) { await model.predict(rows, { batchSize: batch, threads: th }); }
console.log(((performance.now() - s) / n * 1000).toFixed(1), 'us');
