import { workload } from './workloads.js';
const { model, x } = workload('mlp');
for (const batch of [1, 32]) for (const th of [1, 2]) {
const rows = x.rows(0, batch);
const a: number[] = [], b: number[] = [];
for (let i = 0; i < 780; i++) { const s = performance.now(); const p = model.predict(rows, { batchSize: batch, threads: th }); const m = performance.now(); await p; const e = performance.now(); a.push(m - s); b.push(e - m); }
const med = (v: number[]) => (v.sort((p, q) => p - q)[v.length >> 1]! * 1000).toFixed(1);
console.log(batch, th, 'sync part', med(a), 'await', med(b));
}
