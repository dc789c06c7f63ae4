import { workload } from './workloads.js';
import * as ort from 'onnxruntime-node';
const { model, x } = workload('tiny');
const rows = x.rows(0, 1);
const session = await ort.InferenceSession.create(await model.export(), { intraOpNumThreads: 2 });
const data = rows.data as Float32Array;
for (let k = 0; k < 3; k++) {
let t: number[][] = [[],[],[],[]];
for (let i = 0; i < 2000; i++) {
 let s = performance.now(); await model.predict(rows, { batchSize: 1, threads: 2 }); t[0]!.push(performance.now() - s);
 s = performance.now(); model.predictSync(rows, { batchSize: 1 }); t[1]!.push(performance.now() - s);
 s = performance.now(); await session.run({ [session.inputNames[0]!]: new ort.Tensor('float32', data, [1, 30]) }); t[2]!.push(performance.now() - s);
 s = performance.now(); await new Promise((r) => setImmediate(r)); t[3]!.push(performance.now() - s);
}
console.log(t.map((v) => (v.sort((a, b) => a - b)[1000]! * 1000).toFixed(1)).join(' '), 'us: predict sync ort immediate');
}
