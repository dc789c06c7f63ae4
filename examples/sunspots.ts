/**
 * Sunspots of the next year from those of the last twelve, beside the naive forecast, which is this year's number.
 *
 *     npx tsx examples/sunspots.ts
 */
import {
  callbacks,
  input,
  layers,
  optimizers,
  Sequential,
  setRandomSeed,
  tensor,
  timeseriesDataset,
} from 'ridgeline';
import { readSunspots } from './data/read.js';
import { runIfMain } from './main.js';

const WINDOW = 12;
/** The years from here on are forecast; the thirty before them end the training. */
const [VALIDATED_FROM, TESTED_FROM] = [1891, 1921];

/** Mean absolute errors of the years that are forecast; that of the nets is a mean over the seeds. */
export interface Errors {
  readonly naive: number;
  readonly gru: number;
}

/** Trains GRUs and compares them with the naive forecast. */
export async function run({ epochs = 300, seeds = [1, 2, 3] } = {}): Promise<Errors> {
  const { years, counts } = readSunspots();
  // Roots are spread more evenly than counts.
  const series = counts.map((count) => [Math.sqrt(count) / 10]);
  const between = (first: number, end: number) => {
    const part = series.slice(Math.max(0, years.indexOf(first) - WINDOW), years.indexOf(end));
    const options = { sequenceLength: WINDOW, batchSize: 16, shuffle: true, seed: 1 };
    return timeseriesDataset(part, part.slice(WINDOW), options);
  };
  const first = years.indexOf(TESTED_FROM);
  const known = counts.slice(first);
  const windows = tensor(known.map((_, i) => series.slice(first + i - WINDOW, first + i)));
  const error = (of: (i: number) => number): number =>
    known.reduce((sum, count, i) => sum + Math.abs(of(i) - count), 0) / known.length;

  let gru = 0;
  for (const seed of seeds) {
    setRandomSeed(seed);
    const model = new Sequential([
      input([WINDOW, 1]),
      layers.gru(16, { recurrentDropout: 0.1 }),
      layers.dense(1),
    ]).compile({ optimizer: optimizers.adam({ learningRate: 0.01 }), loss: 'mse' });
    const stopping = callbacks.earlyStopping({ monitor: 'val_loss', patience: 60, restoreBestWeights: true });
    await model.fit(between(years[0]!, VALIDATED_FROM), {
      epochs,
      validationData: between(VALIDATED_FROM, TESTED_FROM),
      callbacks: [stopping],
      verbose: 0,
    });
    const forecast = await model.predict(windows);
    gru += error((i) => (10 * Math.max(0, forecast.data[i] as number)) ** 2) / seeds.length;
  }
  return { naive: error((i) => counts[first + i - 1]!), gru };
}

await runIfMain(import.meta.url, run);
