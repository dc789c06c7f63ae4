/**
 * Every activation and its options: what it predicts is what ONNX Runtime computes.
 */
import { activations, layers, type SymbolicTensor } from 'ridgeline';
import { expect, test } from 'vitest';
import { alone, expectSameInRuntime } from '../support/onnx.js';

const { activation, dense } = layers;

/** Names under which layers know activations. */
const NAMES = Object.keys(activations).filter(
  (name) => name !== 'getActivation',
) as (keyof typeof activations)[];

const OPTIONS: Record<string, (x: SymbolicTensor) => SymbolicTensor> = {
  'relu maxValue': (x) => activations.relu(x, { maxValue: 1 }),
  'relu negativeSlope, maxValue and threshold': (x) =>
    activations.relu(x, { negativeSlope: 0.1, maxValue: 2, threshold: 0.5 }),
  'softmax axis': (x) => activations.softmax(x, 1),
  'logSoftmax axis': (x) => activations.logSoftmax(x, 1),
  'gelu approximate': (x) => activations.gelu(x, { approximate: true }),
  'elu alpha': (x) => activations.elu(x, { alpha: 0.5 }),
  'leakyRelu negativeSlope': (x) => activations.leakyRelu(x, { negativeSlope: 0.01 }),
  'celu alpha': (x) => activations.celu(x, { alpha: 2 }),
  'glu axis': (x) => activations.glu(x, { axis: 1 }),
  'hardShrink threshold': (x) => activations.hardShrink(x, { threshold: 1 }),
  'softShrink threshold': (x) => activations.softShrink(x, { threshold: 1 }),
  'threshold threshold and defaultValue': (x) =>
    activations.threshold(x, { threshold: 0.5, defaultValue: -1 }),
  'squareplus b': (x) => activations.squareplus(x, { b: 1 }),
};

test.each(NAMES)('%s', async (name) => {
  const of = activations[name] as (x: SymbolicTensor) => SymbolicTensor;
  await expectSameInRuntime(alone(activation(of), [6]), { opsets: [17, 21] });
  await expectSameInRuntime(alone(activation(of), [null, 6]));
});

test.each(Object.entries(OPTIONS))('%s', async (_, of) => {
  await expectSameInRuntime(alone(activation(of), [4, 6]));
});

test.each(NAMES)('%s within a dense layer', async (name) => {
  await expectSameInRuntime(alone(dense(4, { activation: name as 'relu' }), [6]), { batches: [7] });
});

test('far from zero', async () => {
  for (const name of NAMES) {
    // eˣ itself has no place for such numbers; linear and its like are exact anyway.
    if (name === 'exponential') continue;
    const of = activations[name] as (x: SymbolicTensor) => SymbolicTensor;
    await expectSameInRuntime(alone(activation(of), [6]), { batches: [7], domain: (x) => 40 * x });
  }
  expect.hasAssertions();
});
