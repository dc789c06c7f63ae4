import { workload } from './workloads.js';
const { model, x } = workload('mlp');
const med = (v: number[]) => (v.sort((a, b) => a - b)[v.length >> 1]! * 1000).toFixed(0);
for (let k = 0; k < 2; k++) for (const batch of [1, 8, 32, 256]) {
const rows = x.rows(0, batch);
const t: number[][] = [[],[],[]];
const n = batch > 100 ? 60 : 400;
for (const th of [1, 2]) for (let i = 0; i < n; i++) {
 const s = performance.now(); await model.predict(rows, { batchSize: batch, threads: th }); t[th - 1]!.push(performance.now() - s);
}
for (let i = 0; i < n; i++) { const s = performance.now(); model.predictSync(rows, { batchSize: batch }); t[2]!.push(performance.now() - s); }
console.log(batch, t.map(med).join(' '), 'us: 1 thread, 2 threads, sync');
}
