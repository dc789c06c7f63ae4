/**
 * Optimizers, constraints and schedules of one's own: functions of ops that do, to rounding, what those of the package do.
 */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  constraints,
  layers,
  loadModel,
  type Model,
  type Operand,
  ops,
  optimizers,
  Sequential,
  type SymbolicTensor,
  setRandomSeed,
  tensor,
} from 'ridgeline';
import { afterAll, describe, expect, test } from 'vitest';
import './support/allclose.js';
import { expectFailure, failure, numbers } from './support/small.js';

const folder = mkdtempSync(join(tmpdir(), 'ridgeline-own-'));
afterAll(() => rmSync(folder, { recursive: true }));

class OwnAdam extends optimizers.Optimizer {
  static override readonly optimizerName: string = 'OwnAdam';
  override state(shape: readonly number[]) {
    return { m: shape, v: shape };
  }
  override update({ weight, gradient, state, learningRate, step }: optimizers.UpdateArguments) {
    const follow = (moment: Operand, x: SymbolicTensor, rest: number) =>
      ops.add(moment, ops.mul(ops.sub(x, moment), rest)) as SymbolicTensor;
    const m = follow(state.m!, gradient, 0.1);
    const v = follow(state.v!, ops.square(gradient), 0.001);
    const correction = ops.div(ops.sqrt(ops.sub(1, ops.pow(0.999, step))), ops.sub(1, ops.pow(0.9, step)));
    const update = ops.div(ops.mul(m, ops.mul(learningRate, correction)), ops.add(ops.sqrt(v), 1e-7));
    return { weight: ops.sub(weight, update), state: { m, v } };
  }
}
const noNegative = (w: SymbolicTensor) => ops.where(ops.greaterEqual(w, 0), w, 0);
const inverse = (step: SymbolicTensor) => ops.div(0.01, ops.add(step, 1));

const rows = (count: number, width: number, of: (i: number) => number) =>
  tensor(
    Float32Array.from({ length: count * width }, (_, i) => of(i)),
    { shape: [count, width] },
  );
// Wide enough for weights in panels, and not a whole number of them.
const [x, y] = [rows(60, 20, Math.sin), rows(60, 3, Math.cos)];

function net(
  optimizer: optimizers.Optimizer,
  kernelConstraint: constraints.ConstraintIdentifier,
): Sequential<never> {
  setRandomSeed(3);
  const model = new Sequential([
    layers.input([20]),
    layers.dense(70, { activation: 'tanh', kernelRegularizer: 'l2', kernelConstraint }),
    layers.dense(3),
  ]);
  model.compile({ optimizer, loss: 'mse' });
  return model as never;
}
const options = { epochs: 3, batchSize: 16, verbose: 0 } as const;

describe('an update of one’s own', () => {
  const { inverseTimeDecay } = optimizers.schedules;
  const schedule = inverseTimeDecay({ initialLearningRate: 0.01, decaySteps: 1, decayRate: 1 });
  test.each<[string, optimizers.AdamOptions, optimizers.AdamOptions?]>([
    ['alone', {}],
    ['by norm', { clipNorm: 0.1 }],
    ['by value', { clipValue: 0.01 }],
    ['by the norm of all', { globalClipNorm: 0.1 }],
    ['decaying', { weightDecay: 0.1, excludeFromWeightDecay: ['bias'] }],
    ['accumulating', { gradientAccumulationSteps: 2 }],
    ['averaging', { useEma: true, emaOverwriteFrequency: 3 }],
    ['by a schedule of one’s own', { learningRate: schedule }, { learningRate: inverse }],
  ])('%s: that of Adam', async (_, given, own = given) => {
    const theirs = net(optimizers.adam({ learningRate: 0.01, ...given }), 'nonNeg');
    const ours = net(new OwnAdam({ learningRate: 0.01, ...own }), noNegative);
    const expected = await theirs.fit(x, y, options);
    expect((await ours.fit(x, y, options)).history.loss).toBeAllclose(expected.history.loss, {
      absolute: 1e-5,
    });
    ours.getWeights().forEach((weight, i) => {
      expect(weight.data).toBeAllclose(theirs.getWeights()[i]!.data, { absolute: 1e-5 });
    });
    // An average that takes a weight's place is not constrained.
    if (!given.useEma) expect(Math.min(...ours.getWeights()[0]!.data)).toBe(0);
  });

  test('is the same for any threads, and goes on from a file bit for bit', async () => {
    const make = () => net(new OwnAdam({ learningRate: inverse }), noNegative);
    const [one, two] = [make(), make()];
    await one.fit(x, y, { ...options, threads: 1 });
    await two.fit(x, y, { ...options, threads: 2 });
    expect(two.getWeights().map((w) => w.data)).toEqual(one.getWeights().map((w) => w.data));
    const path = join(folder, 'own');
    await one.save(path);
    const again = await loadModel(path, { custom: { OwnAdam, noNegative, inverse } });
    expect(again.optimizer.learningRate).toBe(one.optimizer.learningRate);
    const expected = await one.fit(x, y, options);
    expect((await again.fit(x, y, options)).history.loss).toEqual(expected.history.loss);
    await expect(loadModel(path, { custom: { OwnAdam, noNegative } })).rejects.toThrow(
      "the function 'inverse'",
    );
    await expect(loadModel(path, { custom: { OwnAdam, inverse } })).rejects.toThrow("'noNegative'");
    await expect(loadModel(path, { custom: { noNegative, inverse } })).rejects.toThrow("optimizer 'OwnAdam'");
  });

  test('keeps state of other shapes, and what begins as the weight', async () => {
    class Anchored extends optimizers.Optimizer {
      override state(shape: readonly number[]) {
        return { anchor: 'weight', norm: [], long: [...shape, 2] } as const;
      }
      override update({ weight, gradient, state, step, path }: optimizers.UpdateArguments) {
        expect(path).toMatch(/^dense(_\d+)?\/(kernel|bias)$/);
        const norm = ops.add(state.norm!, ops.div(ops.norm(gradient), step));
        const back = ops.mul(ops.sub(weight, state.anchor!), 0.5);
        return { weight: ops.sub(weight, back), state: { ...state, norm } };
      }
    }
    const model = net(new Anchored(), noNegative);
    const [before] = model.getWeights();
    await model.fit(x, y, options);
    // Nothing moves what stands at its anchor but the constraint.
    const after = model.getWeights()[0]!.data;
    after.forEach((value, i) => void expect(value).toBeCloseTo(Math.max(before!.data[i]!, 0), 5));
  });

  type Wrong = (of: optimizers.UpdateArguments) => unknown;
  const { Optimizer } = optimizers;
  test.each<[string, Wrong, string | RegExp]>([
    ['nothing', () => undefined, /^optimizer 'Wrong', update of 'dense.*\/kernel': the update must be {/],
    [
      'a number',
      () => ({ weight: 3 }),
      /the weight must be made of ops from the tensors that are passed, received 3/,
    ],
    ['a promise', async ({ weight }) => ({ weight }), /the update must be { weight, state }/],
    [
      'another shape',
      ({ weight }) => ({ weight: ops.sum(weight) }),
      /the weight must have shape \[20, 70\], received \[\]/,
    ],
    ['integers', ({ weight }) => ({ weight: ops.cast(weight, 'int32') }), /the weight must be float32/],
    [
      'state of no name',
      (of) => ({ ...of, state: { a: of.weight } }),
      /the state must be left out, received 'a'/,
    ],
    ['an error', () => ops.reshape(3 as never, 'x' as never), /update of 'dense.*\/kernel': /],
  ])('that gives %s is refused', async (_, update, says) => {
    class Wrong extends Optimizer {
      override update(of: optimizers.UpdateArguments) {
        return update(of) as never;
      }
    }
    const error = (await failure(() => net(new Wrong(), noNegative).fit(x, y, options))) as Error;
    expect(error.message).toMatch(says);
  });
  test.each<[string, unknown, RegExp]>([
    ['no object', 3, /state of optimizer 'Odd' must be an object of shapes by name, received 3/],
    ['no shape', { a: 'x' }, /'a' in the state of optimizer 'Odd' must be a list of sizes or 'weight'/],
    ['a negative size', { a: [-1] }, /'a' in the state of optimizer 'Odd' must be/],
    ['no name', { '': [] }, /state of optimizer 'Odd' must be named/],
  ])('state that is %s is refused', async (_, state, says) => {
    class Odd extends Optimizer {
      override state() {
        return state as never;
      }
      override update({ weight }: optimizers.UpdateArguments) {
        return { weight };
      }
    }
    const error = (await failure(() => net(new Odd(), noNegative).fit(x, y, options))) as Error;
    expect(error.message).toMatch(says);
  });
});

test('state is asked for once, whatever is said later', async () => {
  let asked = 0;
  class Fickle extends OwnAdam {
    static override readonly optimizerName: string = 'Fickle';
    override state(shape: readonly number[]) {
      asked += 1;
      return asked > 4 ? ({} as never) : super.state(shape);
    }
  }
  await net(new Fickle(), noNegative).fit(x, y, options);
  expect(asked).toBe(4);
});

test('random numbers of different weights, of updates and of constraints are different', async () => {
  class Noise extends optimizers.Optimizer {
    static override readonly optimizerName: string = 'Noise';
    override update({ weight }: optimizers.UpdateArguments) {
      return { weight: ops.randomUniform(weight) };
    }
  }
  const halved = (w: SymbolicTensor) => ops.add(ops.mul(w, 0.5), ops.randomUniform(w));
  const dense = (kernelConstraint?: typeof halved) => layers.dense(3, { useBias: false, kernelConstraint });
  const model = new Sequential([layers.input([3]), dense(), dense(), dense(halved)]);
  model.compile({ optimizer: new Noise(), loss: 'mse' });
  await model.fit(numbers(1, 3), numbers(1, 3), { verbose: 0 });
  const [first, second, third] = model.getWeights().map((weight) => weight.data);
  expect(first).not.toEqual(second);
  // Of equal numbers it would be 1.5 of each.
  expect(new Set(Array.from(third!, (sum) => sum / 1.5)).size).toBe(9);
  expect(Array.from(third!).some((sum) => sum > 0.75)).toBe(true);
});

describe('a constraint of one’s own', () => {
  test('may be a class with a config', async () => {
    class AtMost extends constraints.Constraint {
      static override readonly constraintName: string = 'AtMost';
      readonly #bound: number;
      constructor({ bound = 1 }: { bound?: number } = {}) {
        super();
        this.#bound = bound;
      }
      override call(w: SymbolicTensor) {
        return ops.minimum(w, this.#bound);
      }
      override getConfig() {
        return { name: 'AtMost', bound: this.#bound };
      }
    }
    const model = net(optimizers.sgd({ learningRate: 0.1 }), new AtMost({ bound: 0.01 }));
    await model.fit(x, y, options);
    expect(Math.max(...model.getWeights()[0]!.data)).toBe(Math.fround(0.01));
    const path = join(folder, 'class');
    await model.save(path);
    const again = await loadModel(path, { custom: { AtMost } });
    const [expected, found] = [await model.fit(x, y, options), await again.fit(x, y, options)];
    expect(found.history.loss).toEqual(expected.history.loss);
  });
  test('of another shape is refused', async () => {
    const model = net(optimizers.sgd(), (w) => ops.sum(w));
    const error = (await failure(() => model.fit(x, y, options))) as Error;
    expect(error.message).toMatch(
      /^the constraint of 'dense.*\/kernel': what it gives must have shape \[20, 70\]/,
    );
  });
});

describe('a schedule of one’s own', () => {
  test('is asked before every step', async () => {
    const model = net(
      optimizers.sgd({ learningRate: (step) => ops.mul(ops.add(step, 1), 0.001) }),
      noNegative,
    );
    const seen: number[] = [];
    const onTrainBatchEnd = () => void seen.push(model.optimizer.learningRate);
    await model.fit(x, y, { ...options, epochs: 1, callbacks: [{ onTrainBatchEnd }] });
    expect(seen).toBeAllclose([0.002, 0.003, 0.004, 0.005]);
  });
  test('has random numbers of its step', () => {
    const optimizer = optimizers.sgd({ learningRate: (step) => ops.randomUniform(step) });
    const rates = [0, 1, 2, 0].map((step) =>
      (optimizer.options.learningRate as { at(step: number): number }).at(step),
    );
    expect(new Set(rates).size).toBe(3);
  });
  test.each<[string, (step: SymbolicTensor) => SymbolicTensor, string]>([
    ['below 0', (step) => ops.sub(0.01, ops.mul(step, 0.005)), '-0.005'],
    ['no number', (step) => ops.gather(tensor([0.1, 0.1, 0.1]), ops.cast(step, 'int32')), 'NaN'],
  ])('that becomes %s stops training before the step', async (_, schedule, received) => {
    const model = net(optimizers.sgd({ learningRate: schedule }), noNegative);
    const error = (await failure(() => model.fit(x, y, options))) as Error;
    expect(error.message).toBe(
      `the learning rate of step 3 must be a finite number ≥ 0, received ${received}`,
    );
    for (const weight of model.getWeights()) expect(weight.data.every(Number.isFinite)).toBe(true);
  });
  test.each<[string, (step: SymbolicTensor) => unknown, RegExp]>([
    ['a number', () => 0.1, /^learningRate, a function: the rate must be made of ops/],
    ['a list', (step) => ops.stack([step, step]), /the rate must have shape \[\], received \[2\]/],
    [
      'less than nothing',
      (step) => ops.sub(step, 1),
      /the first learning rate of a function must be a finite number ≥ 0/,
    ],
  ])('that gives %s is refused', (_, schedule, says) => {
    expect(() => optimizers.sgd({ learningRate: schedule as never })).toThrow(says);
  });
});

describe('a schedule that is a class', () => {
  class Warmup extends optimizers.schedules.LearningRateSchedule {
    readonly #peak: number;
    constructor({ peak = 0.1 }: { peak?: number } = {}) {
      super();
      this.#peak = peak;
    }
    override call(step: SymbolicTensor) {
      return ops.minimum(ops.mul(ops.add(step, 1), 0.01), this.#peak);
    }
    override getConfig() {
      return { name: 'Warmup', peak: this.#peak };
    }
  }
  /** Forgets its option. */
  class Forgetful extends Warmup {
    override getConfig() {
      return { name: 'Forgetful' } as ReturnType<Warmup['getConfig']>;
    }
  }
  const path = join(folder, 'schedule');
  test('has its options, is saved with them and comes back', async () => {
    const schedule = new Warmup({ peak: 0.025 });
    expect([0, 1, 2, 9].map((step) => schedule.at(step))).toBeAllclose([0.01, 0.02, 0.025, 0.025]);
    const model = net(optimizers.sgd({ learningRate: schedule }), noNegative);
    await model.fit(x, y, { ...options, epochs: 1 });
    await model.save(path);
    await expect(loadModel(path, { custom: { noNegative } })).rejects.toThrow(/'Warmup'/);
    const again = await loadModel(path, { custom: { noNegative, Warmup } });
    expect(again.optimizer.options.learningRate).toBeInstanceOf(Warmup);
    const [expected, found] = [await model.fit(x, y, options), await again.fit(x, y, options)];
    expect(found.history.loss).toEqual(expected.history.loss);
  });
  test('whose config lacks an option is not saved', async () => {
    const model = net(optimizers.sgd({ learningRate: new Forgetful({ peak: 0.02 }) }), noNegative);
    await model.fit(x, y, { ...options, epochs: 1 });
    await expect(model.save(path)).rejects.toThrow(
      /^cannot save: schedule 'Forgetful', made again from its config: it is something/,
    );
  });
  test('that gives no rate is refused where it is passed', () => {
    class Wrong extends optimizers.schedules.LearningRateSchedule {
      override call(step: SymbolicTensor) {
        return ops.sub(step, 1);
      }
    }
    class List extends optimizers.schedules.LearningRateSchedule {
      override call(step: SymbolicTensor) {
        return ops.stack([step, step]);
      }
    }
    expect(() => optimizers.sgd({ learningRate: new Wrong() })).toThrow(
      /the first learning rate of Wrong must be a finite number ≥ 0, received -1/,
    );
    expect(() => optimizers.sgd({ learningRate: new List() })).toThrow(
      /^learningRate, List: the rate must have shape \[\], received \[2\]/,
    );
  });
});

describe('configs that lack what the constructor takes are found out when they are saved', () => {
  class Within extends constraints.Constraint {
    static override readonly constraintName: string = 'Within';
    readonly bound: number;
    constructor({ bound = 1 }: { bound?: number } = {}) {
      super();
      this.bound = bound;
    }
    override call(weight: SymbolicTensor): SymbolicTensor {
      return ops.maximum(ops.minimum(weight, this.bound), -this.bound) as SymbolicTensor;
    }
  }
  class Whole extends Within {
    static override readonly constraintName: string = 'Whole';
    override getConfig(): { name: string } & Record<string, unknown> {
      return { name: 'Whole', bound: this.bound };
    }
  }
  class Steps extends optimizers.Optimizer {
    static override readonly optimizerName: string = 'Steps';
    readonly size: number;
    constructor({ size = 1, ...rest }: { size?: number } & optimizers.OptimizerOptions = {}) {
      super(rest);
      this.size = size;
    }
    override update({ weight, gradient }: optimizers.UpdateArguments): optimizers.Updated {
      return { weight: ops.sub(weight, ops.mul(gradient, this.size)) as SymbolicTensor };
    }
  }
  const path = join(folder, 'remade.safetensors');
  const model = (kernelConstraint: constraints.Constraint, optimizer: optimizers.Optimizer): Model =>
    new Sequential([layers.input([2]), layers.dense(1, { kernelConstraint })]).compile({
      optimizer,
      loss: 'mse',
    }) as Model;

  test('a constraint', async () => {
    const says =
      /^cannot save: the constraint of 'dense\/kernel', made again from its config: it is something/;
    const forgets = model(new Within({ bound: 0.05 }), optimizers.sgd());
    await expectFailure(() => forgets.save(path), 'ERR_ARGUMENT', says);
    await model(new Within(), optimizers.sgd()).save(path);
    await model(new Whole({ bound: 0.05 }), optimizers.sgd()).save(path);
    const again = await loadModel(path, { custom: { Whole } });
    await again.fit([[3, 4]], [100]);
    expect(Math.max(...(again.getWeights()[0]?.data ?? [1]).map(Math.abs))).toBeLessThan(0.0501);
  });
  test('an optimizer', async () => {
    const forgets = model(new Whole(), new Steps({ size: 0.1 }));
    const says = /^cannot save: optimizer 'Steps', made again from its config: it is something else/;
    await expectFailure(() => forgets.save(path), 'ERR_ARGUMENT', says);
    await forgets.save(path, { includeOptimizer: false });
    await model(new Whole(), new Steps()).save(path);
  });
});

test('a schedule and a constraint that are made of those of the package have names of their own', () => {
  class Halved extends optimizers.schedules.CosineDecay {
    override call(step: SymbolicTensor) {
      return ops.div(0.1, ops.add(step, 1));
    }
  }
  class Short extends constraints.NonNeg {
    override call(w: SymbolicTensor) {
      return ops.minimum(w, 1);
    }
  }
  const schedule = new Halved({ initialLearningRate: 0.1, decaySteps: 10 });
  expect([schedule.getConfig()?.name, new Short().getConfig()?.name]).toEqual(['Halved', 'Short']);
});

test('an optimizer that is made of one of the package is saved by its own name', async () => {
  class Faster extends optimizers.SGD {
    override update({ weight, gradient, learningRate }: optimizers.UpdateArguments): optimizers.Updated {
      return { weight: ops.sub(weight, ops.mul(ops.mul(learningRate, 10), gradient)) as SymbolicTensor };
    }
  }
  const model = net(new Faster({ learningRate: 0.001 }), noNegative);
  await model.fit(x, y, { ...options, epochs: 1 });
  const path = join(folder, 'faster');
  await model.save(path);
  const again = await loadModel(path, { custom: { noNegative, Faster } });
  expect(again.optimizer).toBeInstanceOf(Faster);
  const [expected, found] = [await model.fit(x, y, options), await again.fit(x, y, options)];
  expect(found.history.loss).toEqual(expected.history.loss);
});
