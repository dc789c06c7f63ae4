/**
 * Milliseconds of a prediction beside ONNX Runtime on the exported model, in turns.
 *
 * usage: npm run bench -- predict [--workload name] [--batches n,…] [--threads n] [--rounds n] [--json]
 *
 * `ours` is one awaited `predict` of a batch, `ort` one awaited `session.run`, `sync` one `predictSync` on the
 * JavaScript thread; `many` and `serial` are a call's share of 64 that are asked for at once, and one after the other.
 * They are taken in bursts of a few calls, the first of which wakes threads and fills caches and is left out. Workloads are those
 * of workloads.ts.
 */
import { setTimeout } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { type Model, type Tensor, tensor } from 'ridgeline';
import { count, counts, threadCount } from './arguments.js';
import { digits, statistics } from './statistics.js';
import { workload } from './workloads.js';

// Must be set before the runtime loads.
process.env.ORT_DISABLE_TELEMETRY = '1';
const { InferenceSession, Tensor: OrtTensor } = await import('onnxruntime-node');

/** Milliseconds that a process is watched for, and the share of a CPU that it uses in them when it rests. */
const WATCH = 10;
const AT_REST = 0.25;
/** Calls of a burst. */
const BURST = 4;
/** Predictions of a server that is asked for many. */
const MANY = 64;
/** Rounds of `many` and `serial`, each of which is as long as 64 of the others. */
const MANY_ROUNDS = 3;
/** Both sum in their own order. */
const TOLERANCE = 1e-5;

const { values } = parseArgs({
  args: process.argv.slice(2),
  options: {
    workload: { type: 'string', default: 'mlp' },
    batches: { type: 'string', default: '1,8,32,256,2048' },
    threads: { type: 'string', default: '2' },
    rounds: { type: 'string', default: '50' },
    json: { type: 'boolean', default: false },
  },
});
const batches = counts('batches', values.batches);
const threads = threadCount(values.threads);
const rounds = count('rounds', values.rounds);

/** The workload's model, after one step: the statistics of its normalizations are not those it began with. */
async function trained(): Promise<[model: Model, x: Tensor]> {
  const { model, x, y, batchSize } = workload(values.workload);
  await model.trainOnBatch(x.rows(0, batchSize), y.rows(0, batchSize), { threads });
  return [model, x];
}
const [net, data] = await trained();
const session = await InferenceSession.create(await net.export(), {
  intraOpNumThreads: threads,
  logSeverityLevel: 3,
});

/** Waits until no thread spins: those of ONNX Runtime do for some 60 ms, and would take the next one's CPU. */
async function rest(): Promise<void> {
  for (let used = 1; used > AT_REST; ) {
    const before = process.cpuUsage();
    await setTimeout(WATCH);
    const { user, system } = process.cpuUsage(before);
    used = (user + system) / 1000 / WATCH;
  }
}

/** Times of a burst of calls but its first. */
async function burst(call: () => unknown): Promise<number[]> {
  await rest();
  await call();
  const times: number[] = [];
  while (times.length < BURST - 1) {
    const start = performance.now();
    await call();
    times.push(performance.now() - start);
  }
  return times;
}

/** The median of each call's times, all taken in turns. */
async function medians<K extends string>(
  calls: Readonly<Record<K, () => unknown>>,
  rounds: number,
): Promise<Record<K, number>> {
  const names = Object.keys(calls) as K[];
  const times = new Map(names.map((name) => [name, [] as number[]]));
  for (let round = 0; round < rounds; round++)
    for (const [name, list] of times) list.push(...(await burst(calls[name])));
  return Object.fromEntries([...times].map(([name, list]) => [name, statistics(list).median])) as Record<
    K,
    number
  >;
}

function expectSame(ours: Tensor<'float32'>, theirs: Float32Array): void {
  const difference = ours.data.reduce((most, p, i) => Math.max(most, Math.abs(p - theirs[i]!)), 0);
  if (ours.size !== theirs.length || !(difference <= TOLERANCE))
    throw new Error(`the outputs differ from those of ONNX Runtime by ${difference}`);
}

/** The first rows of the workload's data, or all of them as often as it takes. */
function rowsOf(data: Tensor, batch: number): Tensor {
  const size = data.size / data.shape[0]!;
  const values = data.dtype === 'int32' ? new Int32Array(batch * size) : new Float32Array(batch * size);
  values.forEach((_, i) => {
    values[i] = data.data[i % data.size]!;
  });
  return tensor(values, { shape: [batch, ...data.shape.slice(1)] });
}

async function measure(batch: number) {
  const [input, output] = [net.inputNames[0]!, net.outputNames[0]!];
  const x = rowsOf(data, batch);
  // The same memory for both and for every call, as a server has it.
  const feeds = { [input]: new OrtTensor(x.dtype as 'float32', x.data as Float32Array, x.shape) };
  const options = { batchSize: batch, threads };
  const ours = () => net.predict(x, options);
  const ort = () => session.run(feeds);
  const sync = () => net.predictSync(x, { batchSize: batch });
  const many = () => Promise.all(Array.from({ length: MANY }, ours));
  const serial = async () => {
    for (let i = 0; i < MANY; i++) await ours();
  };
  const theirs = (await ort())[output]!.data as Float32Array;
  expectSame(await ours(), theirs);
  expectSame(sync(), theirs);
  const one = await medians({ ours, ort, sync }, rounds);
  const all = await medians({ many, serial }, MANY_ROUNDS);
  return {
    batch,
    ms: one.ours,
    ort_ms: one.ort,
    sync_ms: one.sync,
    many_ms: all.many / MANY,
    serial_ms: all.serial / MANY,
  };
}

const line = (cells: readonly string[]): string => cells.map((cell) => cell.padStart(9)).join('');
const rows: Awaited<ReturnType<typeof measure>>[] = [];
if (!values.json) console.log(line(['batch', 'ours', 'ort', 'ort/ours', 'sync', 'many', 'serial']));
for (const batch of batches) {
  const row = await measure(batch);
  rows.push(row);
  const { ms, ort_ms, sync_ms, many_ms, serial_ms } = row;
  const times = [sync_ms, many_ms, serial_ms].map(digits);
  const compared = [digits(ms), digits(ort_ms), `×${(ort_ms / ms).toFixed(2)}`];
  if (!values.json) console.log(line([`${batch}`, ...compared, ...times]));
}
await session.release();
if (values.json) console.log(JSON.stringify(rows));
