/**
 * A generative adversarial net (Goodfellow et al. 2014): a generator forges images of digits, a discriminator tells them from
 * real ones. One training step makes two losses small in turn, each by the weights of one net and with an optimizer of its
 * own.
 *
 *     npx tsx examples/gan.ts
 */
import {
  input,
  layers,
  Model,
  ops,
  optimizers,
  Sequential,
  type SymbolicTensor,
  setRandomSeed,
  type Tensor,
  tensor,
} from 'ridgeline';
import { readDigits } from './data/read.js';
import { runIfMain } from './main.js';

const NOISE = 16;

/** What came of it. */
export interface Forged {
  /** Images by the generator, `[count, 64]`. */
  readonly images: Tensor<'float32'>;
  /** How far the mean image is from that of the real ones, before and behind training: mean absolute difference. */
  readonly before: number;
  readonly behind: number;
}

/** Trains both nets. */
export async function run({ epochs = 150, count = 200 } = {}): Promise<Forged> {
  const { x } = readDigits();
  setRandomSeed(1);
  const generator = new Sequential(
    [
      input([NOISE]),
      layers.dense(128),
      layers.batchNormalization(),
      layers.relu(),
      layers.dense(64, { activation: 'sigmoid' }),
    ],
    { name: 'generator' },
  );
  const discriminator = new Sequential(
    [
      input([64]),
      layers.gaussianNoise(0.1),
      layers.dense(128, { activation: 'leakyRelu' }),
      layers.dropout(0.3),
      layers.dense(1),
    ],
    { name: 'discriminator' },
  );
  const [noise, real] = [input([NOISE], { name: 'noise' }), input([64], { name: 'real' })];
  const outputs = [generator(noise), discriminator(real)] as SymbolicTensor[];
  const model = new Model({ inputs: [noise, real], outputs });

  // −log σ(s) for what is to pass for real, −log(1 − σ(s)) for the rest.
  const asReal = (image: SymbolicTensor): SymbolicTensor =>
    ops.mean(ops.softplus(ops.neg(discriminator(image) as SymbolicTensor)));
  const asFake = (image: SymbolicTensor): SymbolicTensor =>
    ops.mean(ops.softplus(discriminator(image) as SymbolicTensor));
  model.compile({
    optimizer: optimizers.adam({
      learningRate: 1e-3,
      beta1: 0.5,
      groups: [
        { weights: [/^discriminator/], optimizer: optimizers.adam({ learningRate: 5e-4, beta1: 0.5 }) },
      ],
    }),
    trainStep: ({ inputs }) => {
      const [like, real] = inputs as [SymbolicTensor, SymbolicTensor];
      const fake = generator(ops.randomNormal(like)) as SymbolicTensor;
      const judge = ops.add(asReal(real), asFake(ops.stopGradient(fake)));
      const forge = asReal(fake);
      return {
        loss: ops.add(judge, forge),
        minimize: [
          { loss: judge, of: discriminator },
          { loss: forge, of: generator },
        ],
        logs: { judge, forge },
      };
    },
  });

  const rows = x.shape[0]!;
  const given = ops.randomNormal(tensor(new Float32Array(count * NOISE), { shape: [count, NOISE] }), {
    seed: 3,
  });
  const distance = async (): Promise<number> => {
    const images = await generator.predict(given);
    const mean = (of: Tensor, at: number): number => {
      const n = of.shape[0]!;
      return Array.from({ length: n }, (_, i) => of.data[64 * i + at] as number).reduce((a, b) => a + b) / n;
    };
    const off = Array.from({ length: 64 }, (_, at) => Math.abs(mean(images, at) - mean(x, at)));
    return off.reduce((a, b) => a + b) / 64;
  };
  const before = await distance();
  // Noise is drawn in the step; what is given for it says how much.
  const shape = [rows, NOISE];
  await model.fit([tensor(new Float32Array(rows * NOISE), { shape }), x], null, {
    epochs,
    batchSize: 64,
    verbose: 0,
  });
  return { images: await generator.predict(given), before, behind: await distance() };
}

/** An image as text. */
export const draw = (image: ArrayLike<number>): string =>
  Array.from({ length: 8 }, (_, row) =>
    Array.from({ length: 8 }, (_, at) => ' ░▒▓█'[Math.round(4 * image[8 * row + at]!)]).join(''),
  ).join('\n');

await runIfMain(import.meta.url, async () => {
  const { images, before, behind } = await run();
  for (let i = 0; i < 4; i++) console.log(`${draw(images.data.subarray(64 * i))}\n`);
  return { before, behind };
});
