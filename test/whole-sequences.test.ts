/**
 * Models that go on with sequences give what they give for whole ones, or refuse; and a sequence ends when it is told to.
 */
import { input, layers, Model, ops, type SymbolicTensor } from 'ridgeline';
import { describe, expect, test } from 'vitest';
import { expectFailure } from './support/small.js';

const CLASSES = 30;

/** A model of tokens with something between its embedding and its head. */
function model(body: (x: SymbolicTensor) => SymbolicTensor): Model {
  const tokens = input({ shape: [null], dtype: 'int32' });
  const x = body(layers.embedding(CLASSES, 16)(tokens) as SymbolicTensor);
  return new Model({ inputs: tokens, outputs: layers.dense(CLASSES)(x as never) as SymbolicTensor }) as Model;
}

const centred = (x: SymbolicTensor): SymbolicTensor =>
  ops.sub(x, ops.mean(x, { axis: 1, keepdims: true })) as SymbolicTensor;

/** A mean over the steps so far, as a loop of one's own. */
function running(x: SymbolicTensor): SymbolicTensor {
  const byTime = ops.transpose(x, [1, 0, 2]);
  const first = ops.zerosLike(ops.sum(byTime, { axis: 0 })) as SymbolicTensor;
  const [, all] = ops.scan(
    ([mean], [now]) => {
      const next = ops.add(
        ops.mul(mean as SymbolicTensor, 0.5),
        ops.mul(now as SymbolicTensor, 0.5),
      ) as SymbolicTensor;
      return [[next], next];
    },
    [first],
    [byTime],
  );
  return ops.transpose(all as SymbolicTensor, [1, 0, 2]);
}

describe('something that looks along time and keeps nothing is refused', () => {
  test.each<[string, (x: SymbolicTensor) => SymbolicTensor]>([
    ['groups over time', (x) => layers.groupNormalization({ groups: 4 })(x as never) as SymbolicTensor],
    ['softmax over time', (x) => layers.softmax({ axis: 1 })(x as never) as SymbolicTensor],
    ['a function', (x) => layers.lambda(centred)(x as never) as SymbolicTensor],
    ['a flip', (x) => ops.flip(x, 1)],
    ['a scan', (x) => layers.lambda(running)(x as never) as SymbolicTensor],
  ])('%s', async (_, body) => {
    const says = /^model 'model' cannot go on with sequences step by step/;
    await expectFailure(() => model(body).generate([3, 1], { maxNewTokens: 2 }), 'ERR_ARGUMENT', says);
    await expectFailure(() => model(body).export({ decoder: { maxLength: 8 } }), 'ERR_ARGUMENT', says);
  });
  test('but not what is random, of which no two runs are alike', async () => {
    const random = model((x) => layers.dropout(0.5)(x as never, { training: true }) as SymbolicTensor);
    expect(await random.generate([3, 1], { maxNewTokens: 2 })).toHaveLength(4);
  });
});

describe('a sequence under way', () => {
  const plain = (): Model => model((x) => x);
  test('ends with a signal, with its reason', async () => {
    const abort = new AbortController();
    const of = plain();
    const seen: number[] = [];
    const reason = new Error('enough');
    const stream = async (): Promise<void> => {
      for await (const token of of.stream([1], { maxNewTokens: 1e6, signal: abort.signal }))
        if (seen.push(token) === 3) abort.abort(reason);
    };
    await expect(stream()).rejects.toBe(reason);
    expect(seen).toHaveLength(3);
    await expect(of.generate([1], { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    await expectFailure(() => of.generate([1], { signal: {} as never }), 'ERR_ARGUMENT', /^signal must be/);
    expect(await of.generate([1], { maxNewTokens: 2 })).toHaveLength(3);
  });
  test('ends when the model is disposed', async () => {
    const of = plain();
    const stream = of.stream([1], { maxNewTokens: 1e6 });
    await stream.next();
    of.dispose();
    await expectFailure(() => stream.next(), 'ERR_DISPOSED', /was disposed or changed while it went on/);
  });
});
