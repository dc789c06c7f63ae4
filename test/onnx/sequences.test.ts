/**
 * Recurrent layers and attention in ONNX Runtime: every option, states, and masks of any pattern, for batches and lengths
 * that are not known.
 */
import { input, layers, Model, Sequential, type SymbolicTensor } from 'ridgeline';
import { describe, expect, test } from 'vitest';
import { expectSameInRuntime } from '../support/onnx.js';

type Options = layers.LSTMOptions & layers.GRUOptions;
type Make = (options?: Options) => layers.Layer;

const LAYERS: Record<string, Make> = {
  lstm: (options) => layers.lstm(3, options),
  gru: (options) => layers.gru(3, options),
  'gru, resetAfter false': (options) => layers.gru(3, { ...options, resetAfter: false }),
  simpleRnn: (options) => layers.simpleRnn(3, options),
  'bidirectional lstm': (options) => layers.bidirectional(layers.lstm(3, options)),
  'bidirectional gru': (options) => layers.bidirectional(layers.gru(3, options), { mergeMode: 'ave' }),
};
const SHOWN: Options[] = [{}, { returnSequences: true }, { useBias: false, returnSequences: true }];
const BACKWARDS: Options[] = [{ goBackwards: true }, { goBackwards: true, returnSequences: true }];
/** Bidirectional layers go backwards by themselves. */
const cases = Object.entries(LAYERS).flatMap(([name, make]) =>
  [...SHOWN, ...(name.startsWith('bi') ? [] : BACKWARDS)].map((options) => ({ name, make, options })),
);
const few = { batches: [1, 7], sizes: [5, 3] };

describe('recurrent layers', () => {
  test.each(cases)('$name $options', async ({ make, options }) => {
    await expectSameInRuntime(new Sequential([input([null, 4]), make(options)]), few);
  });
  // Numbers from 0 to 3 as tokens, so that 0 is anywhere.
  test.each(cases)('$name $options with a mask', async ({ make, options }) => {
    const tokens = input({ shape: [null], dtype: 'int32' });
    const words = layers.embedding(4, 4, { maskZero: true })(tokens);
    const model = new Model({ inputs: tokens, outputs: make(options)(words as never) });
    await expectSameInRuntime(model, few);
  });
  test.each(cases)('$name $options where nothing counts', async ({ make, options }) => {
    const tokens = input({ shape: [null], dtype: 'int32' });
    const words = layers.embedding(4, 4, { maskZero: true })(tokens);
    const model = new Model({ inputs: tokens, outputs: make(options)(words as never) });
    await expectSameInRuntime(model, { ...few, domain: () => 0 });
  });
  test.each(['linear', 'relu', 'sigmoid', 'hardSigmoid', 'elu', 'softsign', 'softplus', 'silu'] as const)(
    'activation %s',
    async (activation) => {
      const of = { activation, returnSequences: true } as const;
      const gates = { recurrentActivation: activation, returnSequences: true } as const;
      const stack = [layers.simpleRnn(3, of), layers.gru(3, gates), layers.lstm(3, gates)];
      // Small inputs: some of these have no bound.
      const model = new Sequential([input([4, 2]), layers.rescaling(0.1), ...stack]);
      await expectSameInRuntime(model, { ...few, opsets: [17, 21] });
    },
  );
  test('states go in and come out', async () => {
    const x = input([null, 4]);
    const states = [input([3]), input([3])];
    const outputs = layers.lstm(3, { returnState: true })(x, { initialState: states });
    await expectSameInRuntime(
      new Model({ inputs: [x, ...states], outputs: outputs as unknown as SymbolicTensor[] }),
      few,
    );
  });
  test.each(['lstm', 'gru', 'simpleRnn'] as const)('%s with states and rows without steps', async (name) => {
    const [x, mask] = [input([2, 3]), input({ shape: [2], dtype: 'bool' })];
    const states = Array.from({ length: name === 'lstm' ? 2 : 1 }, () => input([3]));
    const make = layers[name] as (units: number, options: object) => layers.Layer;
    const layer = make(3, { returnState: true });
    const outputs = layer.invoke([x, { mask, initialState: states }]) as SymbolicTensor[];
    await expectSameInRuntime(new Model({ inputs: [x, mask, ...states], outputs }), { batches: [1, 7, 64] });
  });
  test('states and a mask', async () => {
    const tokens = input({ shape: [null], dtype: 'int32' });
    const state = input([3]);
    const words = layers.embedding(4, 4, { maskZero: true })(tokens) as SymbolicTensor;
    const outputs = layers.gru(3, { returnState: true, returnSequences: true })(words, {
      initialState: state,
    });
    await expectSameInRuntime(
      new Model({ inputs: [tokens, state], outputs: outputs as unknown as SymbolicTensor[] }),
      few,
    );
  });
});

describe('attention', () => {
  const masked = (): [SymbolicTensor, SymbolicTensor] => {
    const tokens = input({ shape: [null], dtype: 'int32' });
    return [tokens, layers.embedding(4, 6, { maskZero: true })(tokens) as SymbolicTensor];
  };
  test.each([
    {},
    { useCausalMask: true },
    { returnAttentionScores: true },
    { returnAttentionScores: true, useCausalMask: true },
  ])('multiHeadAttention %o', async (options) => {
    const x = input([null, 6]);
    const outputs = layers.multiHeadAttention(2, 3, { valueDim: 5 })(
      x,
      x,
      undefined,
      options,
    ) as SymbolicTensor;
    await expectSameInRuntime(new Model({ inputs: x, outputs }), few);
    const [tokens, words] = masked();
    const made = layers.multiHeadAttention(2, 3)(words, words, undefined, options) as SymbolicTensor;
    await expectSameInRuntime(new Model({ inputs: tokens, outputs: made }), few);
  });
  test('of other keys, with a mask of pairs', async () => {
    const [x, y] = [input([4, 6]), input([5, 6])];
    const pairs = input({ shape: [4, 5], dtype: 'bool' });
    const made = layers.multiHeadAttention(2, 3)(x, y, undefined, { attentionMask: pairs }) as SymbolicTensor;
    await expectSameInRuntime(new Model({ inputs: [x, y, pairs], outputs: made }), few);
  });
  test.each([{ slidingWindow: 2 }, { useGate: true, slidingWindow: 3 }])(
    'windows and gates %o',
    async (options) => {
      const words = input([null, 6]);
      for (const useCausalMask of [false, true]) {
        const made = layers.multiHeadAttention(2, 3, options)(words, words, undefined, { useCausalMask });
        await expectSameInRuntime(new Model({ inputs: words, outputs: made as SymbolicTensor }), few);
      }
    },
  );
  test('groupQueryAttention', async () => {
    const [tokens, words] = masked();
    const made = layers.groupQueryAttention(3, 4, 2)(words, words, undefined, { useCausalMask: true });
    await expectSameInRuntime(new Model({ inputs: tokens, outputs: made as SymbolicTensor }), few);
  });
  test.each([
    layers.attention({ useScale: true }),
    layers.attention({ scoreMode: 'concat' }),
    layers.additiveAttention(),
  ])('%s', async (layer) => {
    const [tokens, words] = masked();
    const outputs = layer([words, words], { useCausalMask: true }) as SymbolicTensor;
    await expectSameInRuntime(new Model({ inputs: tokens, outputs }), few);
  });
});

describe('positions', () => {
  test.each([4, null])('time %s', async (time) => {
    const x = input([time, 6]);
    const heads = input([time, 2, 4]);
    const outputs = [
      layers.sinePositionEncoding({ maxWavelength: 30 })(x),
      layers.rotaryEmbedding()(x),
      layers.rotaryEmbedding({ scalingFactor: 2 })(heads),
    ];
    await expectSameInRuntime(new Model({ inputs: [x, heads], outputs }), few);
  });
  test('given', async () => {
    const [x, positions] = [input([4, 6]), input({ shape: [4], dtype: 'int32' })];
    const outputs = [
      layers.sinePositionEncoding()(x, { positions }),
      layers.rotaryEmbedding({ sequenceAxis: 2, featureAxis: 1 })(layers.permute([2, 1])(x), { positions }),
    ];
    await expectSameInRuntime(new Model({ inputs: [x, positions], outputs }), few);
  });
  test('errors name what is wrong', () => {
    const x = input([4, 5]);
    expect(() => layers.rotaryEmbedding()(x)).toThrow(/even number of features along axis 2/);
    expect(() => layers.rotaryEmbedding({ sequenceAxis: 0 })(x)).toThrow(/sequenceAxis .* behind the batch/);
    expect(() => layers.rotaryEmbedding({ sequenceAxis: 2 })(input([4, 6]))).toThrow(/featureAxis/);
    expect(() => layers.sinePositionEncoding()(input([4]))).toThrow(/\[batch, …, time, features\]/);
    const positions = input([4, 2, 1]);
    expect(() => layers.sinePositionEncoding()(x, { positions })).toThrow(/positions must have shape/);
  });
});

test('an embedding gives a mask to what counts means', async () => {
  const tokens = input({ shape: [null], dtype: 'int32' });
  const words = layers.embedding(4, 5, { maskZero: true })(tokens);
  const outputs = [layers.globalAveragePooling1d()(words), layers.globalMaxPooling1d()(words)];
  await expectSameInRuntime(new Model({ inputs: tokens, outputs }), few);
  expect(outputs).toHaveLength(2);
});
