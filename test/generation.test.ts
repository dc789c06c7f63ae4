/**
 * Generation: going on step by step is what the whole model gives for the whole sequence, in every kind of layer; sampling;
 * the exported decoder; what cannot generate.
 */
import {
  input,
  Layer,
  layers,
  Model,
  ops,
  Sequential,
  type Shape,
  type SymbolicTensor,
  setRandomSeed,
  type Tensor,
  tensor,
} from 'ridgeline';
import { describe, expect, test } from 'vitest';
import './support/allclose.js';
import { randomize, runtimeOutputs } from './support/onnx.js';

const [VOCABULARY, WIDTH] = [11, 8];
const tokens = (): SymbolicTensor => input({ shape: [null], dtype: 'int32' });
const embedded = (of: SymbolicTensor): SymbolicTensor =>
  layers.embedding(VOCABULARY, WIDTH)(of) as SymbolicTensor;
const causal = { useCausalMask: true };

/** Queries and keys that are turned by their places. */
class RotarySelfAttention extends Layer {
  static override readonly className = 'RotarySelfAttention';
  #q!: Layer;
  #k!: Layer;
  override build(_: Shape): void {
    this.#q = layers.dense(WIDTH);
    this.#k = layers.dense(WIDTH);
  }
  readonly #rotary = layers.rotaryEmbedding();
  readonly #attend = layers.multiHeadAttention(2, 4);
  override call(x: SymbolicTensor): SymbolicTensor {
    const turned = ops.add(
      this.#rotary(this.#q(x as never) as never) as SymbolicTensor,
      this.#k(x as never) as SymbolicTensor,
    );
    return this.#attend(turned, turned, undefined, causal) as SymbolicTensor;
  }
}
/** Learned places, counted by `ops.positions`. */
class Places extends Layer {
  static override readonly className = 'Places';
  readonly #table = layers.embedding(64, WIDTH);
  override call(x: SymbolicTensor): SymbolicTensor {
    return ops.add(x, this.#table(ops.positions(x, 1) as never) as SymbolicTensor);
  }
}

const BODIES: Record<string, (x: SymbolicTensor) => SymbolicTensor> = {
  'attention to near steps, with a gate': (x) =>
    layers.multiHeadAttention(2, 4, { slidingWindow: 3, useGate: true })(
      x,
      x,
      undefined,
      causal,
    ) as SymbolicTensor,
  multiHeadAttention: (x) =>
    layers.multiHeadAttention(2, 4, { valueDim: 3 })(
      layers.add()([x, layers.sinePositionEncoding()(x) as SymbolicTensor]) as never,
      undefined as never,
    ) as SymbolicTensor,
  groupQueryAttention: (x) => layers.groupQueryAttention(4, 4, 2)(x, x, undefined, causal) as SymbolicTensor,
  rotary: (x) => new RotarySelfAttention()(x) as SymbolicTensor,
  places: (x) => {
    const placed = new Places()(x) as SymbolicTensor;
    return layers.multiHeadAttention(2, 4)(placed, placed, undefined, causal) as SymbolicTensor;
  },
  masked: (x) => {
    const counted = layers.masking()(x) as SymbolicTensor;
    return layers.multiHeadAttention(2, 4)(counted, counted, undefined, causal) as SymbolicTensor;
  },
  lstm: (x) => layers.lstm(WIDTH, { returnSequences: true })(x as never) as SymbolicTensor,
  'rnn of cells': (x) =>
    layers.rnn([layers.gruCell(5), layers.lstmCell(WIDTH)], { returnSequences: true })(
      x as never,
    ) as SymbolicTensor,
  'simpleRnn of ops': (x) =>
    layers.simpleRnn(WIDTH, { returnSequences: true, activation: 'silu' })(x as never) as SymbolicTensor,
};
BODIES.multiHeadAttention = (x) => {
  const placed = layers.add()([x, layers.sinePositionEncoding()(x) as SymbolicTensor]) as SymbolicTensor;
  const layer = layers.multiHeadAttention(2, 4, { valueDim: 3 });
  const once = layer(placed, placed, undefined, causal) as SymbolicTensor;
  // The same layer twice has two caches.
  return layer(once, once, undefined, causal) as SymbolicTensor;
};

function language(body: (x: SymbolicTensor) => SymbolicTensor): Model {
  setRandomSeed(4);
  const x = tokens();
  const seen = body(embedded(x));
  const model = new Model({ inputs: x, outputs: layers.dense(VOCABULARY)(seen as never) as SymbolicTensor });
  randomize(model);
  return model as Model;
}

/** The likeliest next tokens, by the whole model each time. */
async function expected(model: Model, prompt: number[], count: number): Promise<number[]> {
  const all = [...prompt];
  for (let i = 0; i < count; i++) {
    const logits = (await model.predict(tensor([all], { dtype: 'int32' }))) as { data: Float32Array };
    const last = [...logits.data.subarray(-VOCABULARY)];
    all.push(last.indexOf(Math.max(...last)));
  }
  return all;
}

describe.each(Object.entries(BODIES))('%s', (kind, body) => {
  test('goes on as the whole model would', async () => {
    const model = language(body);
    const prompt = [3, 1, 4, 1, 5];
    const whole = await expected(model, prompt, 12);
    expect(await model.generate(prompt, { maxNewTokens: 12, temperature: 0 })).toEqual(whole);
    // Again, with what was kept cleared; several at once; and as a stream.
    const other = await expected(model, [2, 7, 1, 8, 2], 6);
    const both = await model.generate([prompt, [2, 7, 1, 8, 2]], { maxNewTokens: 6, temperature: 0 });
    expect(both).toEqual([whole.slice(0, 11), other]);
    const streamed = [];
    for await (const token of model.stream(prompt, { maxNewTokens: 12, temperature: 0 }))
      streamed.push(token);
    expect([...prompt, ...streamed]).toEqual(whole);
  });
  test('is exported with what it keeps', async () => {
    const model = language(body);
    const bytes = await model.export({ decoder: { maxLength: 16 } });
    const prompt = [3, 1, 4];
    const whole = (await model.predict(tensor([[...prompt, 6, 9]], { dtype: 'int32' }))) as {
      data: Float32Array;
    };
    const [name] = model.inputNames as [string];
    const [output] = model.outputNames as [string];
    let states: Record<string, ReturnType<typeof tensor>> = {};
    const step = async (next: number[]) => {
      const feeds = { [name]: tensor([next], { dtype: 'int32' }), ...states };
      const found = await runtimeOutputs(bytes, feeds as never, 'all');
      states = Object.fromEntries(
        Object.entries(found)
          .filter(([key]) => key.endsWith('_next'))
          .map(([key, of]) => [key.slice(0, -5), tensor(of.data as Float32Array, { shape: [...of.dims] })]),
      );
      return found[output]?.data as Float32Array;
    };
    const { InferenceSession } = await import('onnxruntime-node');
    const session = await InferenceSession.create(bytes);
    for (const of of session.inputMetadata)
      if (of.name !== name && of.isTensor) {
        const shape = of.shape.map(Number);
        states[of.name] = tensor(new Float32Array(shape.reduce((a, b) => a * b, 1)), { shape });
      }
    const first = await step(prompt);
    expect([...first]).toBeAllclose(whole.data.subarray(0, 3 * VOCABULARY), {
      absolute: 1e-4,
      relative: 1e-4,
    });
    const second = await step([6, 9]);
    expect([...second]).toBeAllclose(whole.data.subarray(3 * VOCABULARY), { absolute: 1e-4, relative: 1e-4 });
    if (kind !== 'multiHeadAttention') return;
    // Eleven steps are left; ONNX Runtime writes of what is more.
    await step(Array(11).fill(2));
    await expect(step([2])).rejects.toThrow(/Gather/);
  });
});

test('prompts of different lengths go on as each would alone', async () => {
  for (const body of [BODIES.multiHeadAttention, BODIES.lstm]) {
    const model = language(body as never);
    const prompts = [[3, 1, 4], [2], [7, 1, 8], [5, 5, 5, 5, 5]];
    const alone = [];
    for (const prompt of prompts)
      alone.push(await model.generate(prompt, { maxNewTokens: 7, temperature: 0 }));
    expect(await model.generate(prompts, { maxNewTokens: 7, temperature: 0 })).toEqual(alone);
    // One ends before the others, which go on.
    const stopToken = (alone[1] as number[])[3] as number;
    const ended = (await model.generate(prompts, {
      maxNewTokens: 7,
      temperature: 0,
      stopToken,
    })) as number[][];
    const until = (row: number[], start: number): number[] => {
      const at = row.indexOf(stopToken, start);
      return at < 0 ? row : row.slice(0, at + 1);
    };
    for (const [i, row] of ended.entries())
      expect(until(row, prompts[i]!.length)).toEqual(until(alone[i] as number[], prompts[i]!.length));
    // What is drawn does not depend on how rows are grouped.
    const seeded = { maxNewTokens: 5, seed: 3 };
    expect(await model.generate(prompts, seeded)).toEqual(await model.generate(prompts, seeded));
  }
});

test('steps that a mask leaves out stay left out', async () => {
  setRandomSeed(4);
  for (const layer of [
    (x: SymbolicTensor) => layers.multiHeadAttention(2, 4)(x, x, undefined, causal) as SymbolicTensor,
    (x: SymbolicTensor) => layers.groupQueryAttention(4, 4, 2)(x, x, undefined, causal) as SymbolicTensor,
    (x: SymbolicTensor) => layers.gru(WIDTH, { returnSequences: true })(x as never) as SymbolicTensor,
  ]) {
    const x = tokens();
    const words = layers.embedding(VOCABULARY, WIDTH, { maskZero: true })(x) as SymbolicTensor;
    const model = new Model({ inputs: x, outputs: layers.dense(VOCABULARY)(layer(layer(words)) as never) });
    randomize(model as never);
    const prompt = [0, 0, 3, 1, 0, 5];
    const whole = await expected(model as never, prompt, 8);
    expect(await model.generate(prompt, { maxNewTokens: 8, temperature: 0 })).toEqual(whole);
    expect(await model.generate([prompt, [2]], { maxNewTokens: 8, temperature: 0 })).toContainEqual(whole);
  }
});

test('states that a stateful layer carries stay as they are', async () => {
  const x = input({ shape: [null], dtype: 'int32', batchSize: 1 });
  const gru = layers.gru(4, { returnSequences: true, stateful: true });
  const outputs = layers.dense(VOCABULARY)(gru(embedded(x) as never) as never) as SymbolicTensor;
  const model = new Model({ inputs: x, outputs });
  const first = await model.generate([1, 2], { temperature: 0 });
  expect(await model.generate([1, 2], { temperature: 0 })).toEqual(first);
  const carried = gru.variables.filter(({ isCarried }) => isCarried);
  expect([...(carried[0]?.read().data ?? [])]).toEqual([0, 0, 0, 0]);
});

describe('sampling', () => {
  const model = (): Model => language(BODIES.lstm as never);
  test('follows the seed, and its bounds', async () => {
    const of = model();
    const drawn = (options: object): Promise<number[]> =>
      of.generate([1, 2], { maxNewTokens: 20, ...options });
    expect(await drawn({ seed: 7 })).toEqual(await drawn({ seed: 7 }));
    expect(await drawn({ seed: 7 })).not.toEqual(await drawn({ seed: 8 }));
    const greedy = await drawn({ temperature: 0 });
    expect(await drawn({ topK: 1 })).toEqual(greedy);
    expect(await drawn({ topP: 1e-9 })).toEqual(greedy);
    expect(await drawn({ temperature: 1e-3 })).toEqual(greedy);
  });
  test('draws by the probabilities, of logits and of a softmax alike', async () => {
    const p = [0.5, 0.25, 0.125, 0.125];
    for (const activation of ['linear', 'softmax'] as const) {
      const net = new Sequential([
        input({ shape: [null], dtype: 'int32' }),
        layers.embedding(4, 4, { embeddingsInitializer: 'zeros' }),
        layers.dense(4, { activation }),
      ]);
      net.setWeights(
        [new Float32Array(16), new Float32Array(16), Float32Array.from(p, Math.log)].map((of, i) =>
          tensor(of, { shape: i < 2 ? [4, 4] : [4] }),
        ),
      );
      const rows = (await net.generate(
        Array.from({ length: 500 }, () => [0]),
        { maxNewTokens: 4, seed: 1 },
      )) as number[][];
      const counts = [0, 0, 0, 0];
      for (const token of rows.flatMap((row) => row.slice(1))) counts[token]!++;
      for (const [i, n] of counts.entries()) expect(Math.abs(n / 2000 - p[i]!)).toBeLessThan(0.04);
    }
  });
  /** A model that gives these logits for every step. */
  const giving = (logits: readonly number[], activation: 'linear' | 'softmax' = 'linear'): Model => {
    const constant = (of: SymbolicTensor): SymbolicTensor =>
      ops.add(ops.mul(of, 0), tensor(Float32Array.from(logits)));
    return new Sequential([
      input({ shape: [null], dtype: 'int32' }),
      layers.embedding(logits.length, 1),
      layers.lambda(constant),
      layers.activation(activation),
    ]);
  };
  const counted = async (logits: readonly number[], options: object): Promise<number[]> => {
    const drawn = await giving(logits).generate([0], { maxNewTokens: 2000, seed: 5, ...options });
    const counts = logits.map(() => 0);
    for (const token of (drawn as number[]).slice(1)) counts[token]! += 1 / 2000;
    return counts;
  };
  test.each<[string, readonly number[], object, readonly number[]]>([
    ['the two likeliest', [0.1, 0.4, 0.2, 0.3], { topK: 2 }, [0, 4 / 7, 0, 3 / 7]],
    ['of equal ones the first', [0.25, 0.25, 0.25, 0.25], { topK: 2 }, [0.5, 0.5, 0, 0]],
    ['those that make up half', [0.1, 0.4, 0.2, 0.3], { topP: 0.5 }, [0, 4 / 7, 0, 3 / 7]],
    ['those of the first three', [0.1, 0.4, 0.2, 0.3], { topK: 3, topP: 0.7 }, [0, 4 / 7, 0, 3 / 7]],
    ['never one that is ruled out', [0.5, 0, 0.5, 0], {}, [0.5, 0, 0.5, 0]],
  ])('draws of %s', async (_, shares, options, wanted) => {
    const found = await counted(shares.map(Math.log), options);
    // Five standard errors of 2,000 draws.
    for (const [i, share] of wanted.entries())
      expect(Math.abs(found[i]! - share)).toBeLessThanOrEqual(5 * Math.sqrt((share * (1 - share)) / 2000));
  });
  test.each([
    [[0, Number.NaN, 1]],
    [[Number.NaN, 0, 1]],
    [[0, Number.POSITIVE_INFINITY, 1]],
    [[1, 2, 3].map(() => Number.NEGATIVE_INFINITY)],
  ])('refuses logits of %j', async (logits) => {
    for (const temperature of [0, 1])
      await expect(giving(logits).generate([0], { temperature })).rejects.toMatchObject({
        code: 'ERR_NON_FINITE',
        message: expect.stringMatching(/^cannot draw a token/),
      });
  });
  test('long prompts are what they are at once', async () => {
    const of = language(BODIES['attention to near steps, with a gate'] as never);
    const prompt = Array.from({ length: 700 }, (_, i) => (i * i + 3) % VOCABULARY);
    const whole = (of.predictSync(tensor([prompt], { dtype: 'int32' })) as Tensor).argMax();
    const next = (whole.toArray() as number[][])[0]!.at(-1);
    expect(((await of.generate(prompt, { maxNewTokens: 1, temperature: 0 })) as number[]).at(-1)).toBe(next);
  });
  test('of many tokens for many rows leaves others their turns', async () => {
    const of = giving(Array.from({ length: 30_000 }, (_, i) => Math.sin(i)));
    const prompts = Array.from({ length: 40 }, () => [1]);
    const turnsOf = async (options: object): Promise<number> => {
      let turns = 0;
      const timer = setInterval(() => turns++, 0);
      await of.generate(prompts, { maxNewTokens: 2, ...options });
      clearInterval(timer);
      return turns;
    };
    await turnsOf({});
    expect(await turnsOf({ topK: 40 })).toBeGreaterThan(8);
  });
  test('ends at a token', async () => {
    const of = model();
    const all = await of.generate([1, 2], { maxNewTokens: 20, temperature: 0 });
    const stopToken = all[5] as number;
    const ended = await of.generate([1, 2], { maxNewTokens: 20, temperature: 0, stopToken });
    expect(ended).toEqual(all.slice(0, all.indexOf(stopToken, 2) + 1));
  });
});

test('prompts may be tensors, and several tokens may end a sequence', async () => {
  const model = language(BODIES.lstm as never);
  const options = { maxNewTokens: 9, temperature: 0 };
  const lists = [
    [3, 1, 4],
    [2, 7, 1],
  ];
  const all = (await model.generate(lists, options)) as number[][];
  expect(await model.generate(tensor(lists, { dtype: 'int32' }), options)).toEqual(all);
  expect(await model.generate(tensor(Int32Array.of(3, 1, 4)), options)).toEqual(all[0]);
  const stopToken = [all[0]?.[5] as number, all[1]?.[4] as number];
  const ended = (await model.generate(lists, { ...options, stopToken })) as number[][];
  ended.forEach((row, i) => {
    const end = (all[i] as number[]).findIndex((token, at) => at >= 3 && stopToken.includes(token));
    expect(row.slice(0, end + 1)).toEqual(all[i]?.slice(0, end + 1));
    // The token that ended it fills up, where another goes on.
    expect(new Set(row.slice(end))).toEqual(new Set([all[i]?.[end]]));
  });
});

describe('errors', () => {
  test('of options and prompts', async () => {
    const model = language(BODIES.lstm as never);
    const failing = (prompt: unknown, options: object = {}) =>
      expect(model.generate(prompt as never, options)).rejects;
    await failing([]).toThrow(/prompt must be tokens/);
    await failing([[1], []]).toThrow(/prompt must be tokens/);
    await failing([1.5]).toThrow(/prompt/);
    await failing([2 ** 32 + 1]).toThrow(/prompt/);
    await failing(new Array(3)).toThrow(/prompt/);
    await expect(model.stream([[1], [2]] as never).next()).rejects.toThrow(
      /^prompt must be tokens of one sequence, received/,
    );
    await failing([1], { temperature: -1 }).toThrow(/temperature/);
    await failing([1], { topP: 0 }).toThrow(/topP/);
    await failing([1], { maxNewTokens: 2 ** 32 - 1 }).toThrow(/^maxNewTokens must be an integer between 1/);
    await failing([1], { maxTokens: 3 }).toThrow(/no option 'maxTokens'/);
    await failing([99]).toMatchObject({ code: 'ERR_ARGUMENT' });
    await expect(model.export({ decoder: { maxLength: 0 } })).rejects.toThrow(/maxLength/);
    model.dispose();
    await failing([1]).toMatchObject({ code: 'ERR_DISPOSED' });
  });
  test('of layers that look at all steps at once', async () => {
    const refused = async (body: (x: SymbolicTensor) => SymbolicTensor, why: RegExp): Promise<void> => {
      await expect(language(body).generate([1])).rejects.toThrow(why);
    };
    await refused(
      (x) => layers.multiHeadAttention(2, 4)(x, x) as SymbolicTensor,
      /not attention of a sequence to its own past/,
    );
    await refused(
      (x) => layers.attention()([x, x], causal) as SymbolicTensor,
      /keeps no keys and values, as multiHeadAttention does/,
    );
    await refused(
      (x) => layers.bidirectional(layers.gru(4, { returnSequences: true }))(x as never) as SymbolicTensor,
      /goes backwards/,
    );
    await refused(
      (x) => layers.globalAveragePooling1d({ keepdims: true })(x as never) as SymbolicTensor,
      /looks at all steps at once/,
    );
    const flat = new Sequential([input([4]), layers.dense(2)]);
    await expect(flat.generate([1])).rejects.toThrow(/one input \[batch, time, …\]/);
  });
});
