/**
 * Spectral normalization against Keras on TensorFlow: whole trainings, and predictions behind them.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  layers,
  loadModel,
  Model,
  ops,
  optimizers,
  regularizers,
  Sequential,
  setRandomSeed,
  type Tensor,
} from 'ridgeline';
import { describe, expect, it } from 'vitest';
import '../support/allclose.js';
import { type Golden, golden, make, type Named, tensorOf } from '../support/golden.js';
import { numbers } from '../support/small.js';

interface Case {
  readonly name: string;
  readonly optimizer: Named;
  readonly powerIterations: number;
  readonly x: Golden;
  readonly y: Golden;
  readonly initialWeights: readonly Golden[];
  readonly losses: readonly number[];
  readonly finalWeights: readonly Golden[];
  readonly outputs: Golden;
}
type Shared = Pick<Case, 'name' | 'x' | 'y' | 'initialWeights' | 'losses' | 'finalWeights'>;
const { cases, shared } = golden<{ cases: Case[]; shared: Shared[] }>('spectral');

describe('spectral normalization', () => {
  it('is saved with its layer, and goes on bit for bit for every way to update', async () => {
    const path = join(mkdtempSync(join(tmpdir(), 'ridgeline-spectral-')), 'model');
    class Plain extends optimizers.Optimizer {
      static override readonly optimizerName: string = 'Plain';
      override update({ weight, gradient, learningRate }: optimizers.UpdateArguments) {
        return { weight: ops.sub(weight, ops.mul(learningRate, gradient)) };
      }
    }
    const [x, y] = [numbers(24, 5), numbers(24, 1)];
    const losses: number[][] = [];
    for (const optimizer of [new Plain({ learningRate: 0.1 }), optimizers.sgd({ learningRate: 0.1 })]) {
      setRandomSeed(4);
      const wrapped = layers.spectralNormalization(
        layers.dense(40, { activation: 'tanh', kernelRegularizer: 'l2' }),
      );
      const model = new Sequential([layers.input([5]), wrapped, layers.dense(1)]).compile({
        optimizer,
        loss: 'mse',
      });
      await model.fit(x, y, { epochs: 2, verbose: 0 });
      await model.save(path);
      const again = await loadModel(path, { custom: { Plain } });
      const [expected, found] = [
        await model.fit(x, y, { verbose: 0 }),
        await again.fit(x, y, { verbose: 0 }),
      ];
      expect(found.history).toEqual(expected.history);
      losses.push(expected.history.loss);
    }
    expect(losses[0]).toBeAllclose(losses[1]!);
    rmSync(join(path, '..'), { recursive: true });
  });
  it('wants a kernel, and leaves one of zeros', async () => {
    const flat = layers.spectralNormalization(layers.flatten());
    expect(() => flat(numbers(2, 3))).toThrow("one with a weight called 'kernel' or 'embeddings'");
    const zero = layers.spectralNormalization(layers.dense(2, { kernelInitializer: 'zeros' }));
    const model = new Sequential([layers.input([3]), zero]).compile({ loss: 'mse' });
    const { history } = await model.fit(numbers(4, 3), numbers(4, 2), { verbose: 0 });
    expect(history.loss[0]).toBeGreaterThan(0);
  });
  it.each(cases)('$name', async (of) => {
    const { powerIterations } = of;
    const wrapped = [
      layers.dense(8, { activation: 'tanh', kernelRegularizer: regularizers.l2(0.02) }),
      layers.dense(2),
    ].map((layer) => layers.spectralNormalization(layer, { powerIterations }));
    const model = new Sequential([layers.input([5]), ...wrapped]);
    const { name, ...options } = of.optimizer;
    model.compile({ optimizer: make(optimizers, name, options), loss: 'mse' });
    model.setWeights(of.initialWeights.map(tensorOf));
    const [x, y] = [tensorOf(of.x), tensorOf(of.y)];
    const losses: number[] = [];
    for (const _ of of.losses) losses.push((await model.trainOnBatch(x, y)).loss);
    expect(losses).toBeAllclose(of.losses);
    model.getWeights().forEach((weight, i) => void expect(weight).toBeAllclose(of.finalWeights[i]!));
    expect(await model.predict(x)).toBeAllclose(of.outputs);
  });
  it.each(shared)('of one layer called $name', async (of) => {
    const dense = layers.dense(4, { activation: 'tanh' });
    const wrapped = layers.spectralNormalization(dense);
    const at = layers.input([4]);
    const outputs = of.name === 'twice' ? wrapped(wrapped(at)) : wrapped(dense(at));
    const model = new Model({ inputs: at, outputs });
    model.compile({ optimizer: optimizers.sgd({ learningRate: 0.2 }), loss: 'mse' });
    const [vector, kernel, bias] = of.initialWeights.map(tensorOf);
    wrapped.weights.find(({ name }) => name === 'vector_u')?.write(vector as Tensor);
    dense.setWeights([kernel as Tensor, bias as Tensor]);
    const [x, y] = [tensorOf(of.x), tensorOf(of.y)];
    const losses: number[] = [];
    for (const _ of of.losses) losses.push((await model.trainOnBatch(x, y)).loss);
    expect(losses).toBeAllclose(of.losses);
    dense.getWeights().forEach((weight, i) => void expect(weight).toBeAllclose(of.finalWeights[i + 1]!));
  });
  it('has this many cases', () => expect([cases, shared].map((all) => all.length)).toEqual([3, 2]));
});
