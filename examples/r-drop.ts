/**
 * R-drop (Liang et al. 2021): every batch goes forward twice, with other units dropped, and predictions that disagree cost.
 * A training step of one's own, beside plain dropout on the same few images.
 *
 *     npx tsx examples/r-drop.ts
 */
import {
  input,
  layers,
  losses,
  ops,
  Sequential,
  type SymbolicTensor,
  setRandomSeed,
  type TrainStepArguments,
  trainTestSplit,
} from 'ridgeline';
import { readDigits } from './data/read.js';
import { runIfMain } from './main.js';

/** How much disagreement costs. */
const ALPHA = 2;

/** Mean over the rows of the Kullback–Leibler divergence of logits, from `p` to `q`. */
function divergence(p: SymbolicTensor, q: SymbolicTensor): SymbolicTensor {
  const [a, b] = [ops.logSoftmax(p), ops.logSoftmax(q)];
  return ops.mean(ops.sum(ops.mul(ops.exp(a), ops.sub(a, b)), { axis: -1 }));
}

/** The step: the mean of both losses, and a share of both divergences. */
function rDrop({ model, x, computeLoss }: TrainStepArguments) {
  const [p, q] = [model(x), model(x)];
  const loss = ops.mul(ops.add(computeLoss(p), computeLoss(q)), 0.5);
  const disagreement = ops.mul(ops.add(divergence(p, q), divergence(q, p)), 0.25);
  return {
    loss: ops.add(loss, ops.mul(disagreement, ALPHA)),
    outputs: p,
    logs: { disagreement },
  };
}

/** Mean test accuracy in percent with plain dropout and with R-drop. */
export async function run({
  epochs = 100,
  seeds = [1, 2, 3],
  rows = 100,
} = {}): Promise<Record<'dropout' | 'rDrop', number>> {
  const { x, y } = readDigits();
  const sums = { dropout: 0, rDrop: 0 };
  for (const seed of seeds) {
    const split = trainTestSplit(x, y, { seed, stratify: true, testSize: x.shape[0]! - rows });
    for (const name of ['dropout', 'rDrop'] as const) {
      setRandomSeed(seed);
      const hidden = [256, 128].flatMap((units) => [
        layers.dense(units, { activation: 'relu' }),
        layers.dropout(0.3),
      ]);
      const net = new Sequential([input([64]), ...hidden, layers.dense(10)]);
      const loss = losses.sparseCategoricalCrossentropy({ fromLogits: true });
      const purpose = { optimizer: 'adam', loss, metrics: ['accuracy'] } as const;
      const model = name === 'rDrop' ? net.compile({ ...purpose, trainStep: rDrop }) : net.compile(purpose);
      await model.fit(split.xTrain, split.yTrain, { epochs, verbose: 0 });
      sums[name] += (await model.evaluate(split.xTest, split.yTest)).accuracy;
    }
  }
  const percent = (sum: number): number => Number(((100 * sum) / seeds.length).toFixed(1));
  return { dropout: percent(sums.dropout), rDrop: percent(sums.rDrop) };
}

await runIfMain(import.meta.url, run);
