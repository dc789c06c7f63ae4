import { workload } from './workloads.js';
const { model, x } = workload(process.argv[2] ?? 'tiny');
const rows = x.rows(0, 1);
const med = (v: number[]) => (v.sort((a, b) => a - b)[v.length >> 1]! * 1000).toFixed(1);
for (let k = 0; k < 3; k++) {
const t: number[][] = [[],[]];
for (let i = 0; i < 2000; i++) {
 let s = performance.now(); await model.predict(rows, { batchSize: 1, threads: 2 }); t[0]!.push(performance.now() - s);
 s = performance.now(); let done = false; const p = model.predict(rows, { batchSize: 1, threads: 2 }).then(() => { done = true; });
 while (!done) await new Promise((r) => setImmediate(r));
 t[1]!.push(performance.now() - s);
}
console.log(t.map(med).join(' '), 'us: predict, predict with spinning loop');
}
