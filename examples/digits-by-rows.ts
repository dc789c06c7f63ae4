/**
 * Batch and layer normalization in a net that sees a digit whole, and in one that reads it row by row: which normalization
 * suits which net is the lesson's table, measured here.
 *
 *     npx tsx examples/digits-by-rows.ts
 */
import { input, layers, Sequential, setRandomSeed, trainTestSplit } from 'ridgeline';
import { readDigits } from './data/read.js';
import { runIfMain } from './main.js';

/** Makes a normalization anew for every place it stands in; an empty list makes none. */
type Normalize = () => layers.Layer[];
const NORMALIZATIONS: Record<string, Normalize> = {
  none: () => [],
  batch: () => [layers.batchNormalization()],
  layer: () => [layers.layerNormalization()],
};
const NETS: Record<string, (normalize: Normalize) => layers.Layer[]> = {
  mlp: (normalize) => [
    ...[128, 64].flatMap((units) => [layers.dense(units), ...normalize(), layers.relu()]),
    layers.dense(10, { activation: 'softmax' }),
  ],
  // Eight rows of eight pixels.
  rnn: (normalize) => [
    layers.reshape([8, 8]),
    layers.lstm(48, { returnSequences: true }),
    ...normalize(),
    layers.lstm(48),
    ...normalize(),
    layers.dense(10, { activation: 'softmax' }),
  ],
};

/** Mean test accuracy in percent by net and normalization. */
export async function run({
  epochs = 40,
  seeds = [1, 2, 3],
  rows = 400,
} = {}): Promise<Record<string, Record<string, number>>> {
  const { x, y } = readDigits();
  const found: Record<string, Record<string, number>> = {};
  for (const [net, make] of Object.entries(NETS)) {
    found[net] = {};
    for (const [name, normalize] of Object.entries(NORMALIZATIONS)) {
      let sum = 0;
      for (const seed of seeds) {
        const split = trainTestSplit(x, y, { seed, stratify: true, testSize: x.shape[0]! - rows });
        setRandomSeed(seed);
        const model = new Sequential([input([64]), ...make(normalize)]);
        const trained = model.compile({
          optimizer: 'adam',
          loss: 'sparseCategoricalCrossentropy',
          metrics: ['accuracy'],
        });
        await trained.fit(split.xTrain, split.yTrain, { epochs, verbose: 0 });
        sum += (await trained.evaluate(split.xTest, split.yTest)).accuracy;
      }
      found[net][name] = Number(((100 * sum) / seeds.length).toFixed(1));
    }
  }
  return found;
}

await runIfMain(import.meta.url, run);
