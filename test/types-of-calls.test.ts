/**
 * Types of what calls give: one tensor where the options say so, so that layers follow each other without a cast.
 */
import {
  callbacks,
  input,
  Layer,
  layers,
  Model,
  metrics,
  ops,
  Sequential,
  type SymbolicTensor,
  type Tensor,
  tensor,
  type Weight,
} from 'ridgeline';
import { expect, expectTypeOf, test } from 'vitest';

type Several = SymbolicTensor | SymbolicTensor[];

test('layers of sequences give one tensor, unless they are asked for states or shares', () => {
  const tokens = input([null], { dtype: 'int32' });
  const x = layers.embedding(10, 8)(tokens);
  const sequences = { returnSequences: true };
  const h = layers.lstm(8, sequences)(layers.gru(8, sequences)(layers.simpleRnn(8, sequences)(x)));
  expectTypeOf(h).toEqualTypeOf<SymbolicTensor>();
  const both = layers.bidirectional(layers.lstm(4, sequences))(h);
  expectTypeOf(both).toEqualTypeOf<SymbolicTensor>();
  const cells = layers.rnn([layers.lstmCell(8), layers.gruCell(8)], sequences)(both);
  expectTypeOf(cells).toEqualTypeOf<SymbolicTensor>();
  const each = layers.timeDistributed(layers.dense(8))(cells);
  expectTypeOf(each).toEqualTypeOf<SymbolicTensor>();
  const attended = layers.multiHeadAttention(2, 4)(each, each, { useCausalMask: true });
  expectTypeOf(attended).toEqualTypeOf<SymbolicTensor>();
  const crossed = layers.multiHeadAttention(2, 4)(attended, each, x);
  const grouped = layers.groupQueryAttention(4, 2, 1)(crossed, crossed);
  const scored = layers.additiveAttention()([layers.attention()([grouped, x], {}), x]);
  const sum = layers.add()([crossed, grouped, scored]);
  expectTypeOf(sum).toEqualTypeOf<SymbolicTensor>();
  const model = new Model({ inputs: tokens, outputs: layers.globalAveragePooling1d()(sum) });
  expectTypeOf(model.predict([[1, 2]])).toEqualTypeOf<Promise<Tensor<'float32'>>>();
  expect(model.outputs).toHaveLength(1);
});

test('several, where they are asked for', () => {
  const x = input([3, 4]);
  const [output, h, c] = layers.lstm(2, { returnState: true })(x);
  const [again, state] = layers.gru(2, { returnState: true, returnSequences: true })(x, { initialState: h });
  expectTypeOf([output, h, c, again, state]).toEqualTypeOf<SymbolicTensor[]>();
  const [both, ...states] = layers.bidirectional(layers.lstm(2, { returnState: true }))(x);
  expectTypeOf([both, ...states]).toEqualTypeOf<SymbolicTensor[]>();
  expect(states).toHaveLength(4);
  expectTypeOf(layers.bidirectional(layers.gru(2), { mergeMode: null })(x)).toEqualTypeOf<Several>();
  const [attended, shares] = layers.multiHeadAttention(2, 4)(x, x, undefined, {
    returnAttentionScores: true,
  });
  const [, scores] = layers.attention()([x, x], { returnAttentionScores: true });
  expectTypeOf([attended, shares, scores]).toEqualTypeOf<SymbolicTensor[]>();
  expectTypeOf(layers.lambda((of: SymbolicTensor) => ops.neg(of))(x)).toEqualTypeOf<SymbolicTensor>();
  expectTypeOf(
    layers.lambda((of: SymbolicTensor[]) => ops.add(of[0] as SymbolicTensor, 1))([x, x]),
  ).toEqualTypeOf<SymbolicTensor>();
  const isAsked = Math.random() < 2;
  expectTypeOf(layers.lstm(2, { returnState: isAsked })(x)).toEqualTypeOf<Several>();
  const row = tensor(new Float32Array(12), { shape: [1, 3, 4] });
  expectTypeOf(layers.lstm(2)(row)).toEqualTypeOf<Tensor>();
  expect([layers.lstm(2, { returnState: true })(x)].flat()).toHaveLength(3);
});

test('calls that are wrong do not compile', () => {
  class Gate extends Layer {
    static override readonly className = 'Gate';
    override call(a: SymbolicTensor, b: SymbolicTensor): SymbolicTensor {
      return ops.mul(a, ops.sigmoid(b));
    }
  }
  const x = input([3, 4]);
  const row = tensor(new Float32Array(12), { shape: [1, 3, 4] });
  // Nobody calls it: what is asked is what the compiler says.
  const wrong = (): unknown[] => [
    // @ts-expect-error No tensor.
    layers.dense(3)(),
    // @ts-expect-error One tensor, not two.
    layers.dense(3)(x, x),
    // @ts-expect-error A list of tensors.
    layers.add()(x, x),
    // @ts-expect-error No value.
    layers.multiHeadAttention(2, 4)(x),
    // @ts-expect-error The second tensor is missing.
    new Gate()(x),
    // @ts-expect-error The second tensor is missing here too.
    new Gate()(row),
    // @ts-expect-error No such option.
    layers.lstm(3)(x, { initial: x }),
  ];
  expect(wrong).toBeTypeOf('function');
  expectTypeOf(new Gate()(x, x, { training: true })).toEqualTypeOf<SymbolicTensor>();
  expectTypeOf(new Gate()(row, row)).toEqualTypeOf<Tensor>();
});

test('concrete tensors give concrete ones, as many', () => {
  class Halves extends Layer {
    static override readonly className = 'Halves';
    override call(x: SymbolicTensor): SymbolicTensor[] {
      return ops.split(x, 2);
    }
  }
  const row = tensor(new Float32Array(12), { shape: [1, 3, 4] });
  const [y, h, c] = layers.lstm(2, { returnState: true })(row);
  expectTypeOf([y, h, c]).toEqualTypeOf<Tensor[]>();
  const next = layers.lstm(2)(row, { initialState: [h as Tensor, c as Tensor] });
  expectTypeOf(next).toEqualTypeOf<Tensor>();
  expect(next.shape).toEqual([1, 2]);
  expectTypeOf(new Halves()(row)).toEqualTypeOf<Tensor[]>();
  expect(new Halves()(row)).toHaveLength(2);
  const seen = { attentionMask: tensor([[true, false, true], [true, true, true], [true, true, false]]) }; // biome-ignore format: a matrix
  expectTypeOf(layers.multiHeadAttention(2, 4)(row, row, seen)).toEqualTypeOf<Tensor>();
});

test('keys of history and of monitors are those of metrics, wherever those are made', async () => {
  const made = () => new Sequential([input([2]), layers.dense(1, { activation: 'sigmoid' })]);
  const fit = { loss: 'binaryCrossentropy' } as const;
  const rows: [number[][], number[][]] = [[[1, 2]], [[1]]];
  const inline = made().compile({ ...fit, metrics: ['accuracy', metrics.auc({ curve: 'PR' })] });
  const { history } = await inline.fit(...rows);
  expectTypeOf<keyof typeof history>().toEqualTypeOf<
    'loss' | 'penalty' | 'loss_without_penalty' | 'accuracy' | 'auc'
  >();
  // @ts-expect-error No such key.
  void (() => inline.fit(...rows, { callbacks: [callbacks.earlyStopping({ monitor: 'val_acuracy' })] }));
  const named = made().compile({ ...fit, metrics: [metrics.auc({ name: 'pr' })] });
  expect((await named.fit(...rows)).history.pr).toHaveLength(1);
  // @ts-expect-error It has another name.
  expect((await named.fit(...rows)).history.auc).toBeUndefined();
  const own = made().compile({ ...fit, metrics: ['logCoshError'] });
  expect((await own.fit(...rows)).history.log_cosh_error).toHaveLength(1);
});

test('gradients are as concrete as the arguments, also beside weights and of closures over data', () => {
  const dense = layers.dense(1);
  const x = tensor([[1, 2]]);
  dense(x);
  const [kernel] = dense.weights as [Weight];
  const slope = ops.valueAndGrad((of: SymbolicTensor) => ops.sum(dense(of)));
  const [value, [ofX, ofKernel]] = slope(x, kernel);
  expectTypeOf([value, ofX, ofKernel]).toEqualTypeOf<Tensor[]>();
  expect(ofKernel.toArray()).toEqual([[1], [2]]);
  const closed = ops.valueAndGrad(() => ops.sum(dense(x)));
  const [, [first]] = closed(kernel);
  expect(first.shape).toEqual([2, 1]);
  const traced = (of: SymbolicTensor) => slope(of);
  expectTypeOf(traced).returns.toEqualTypeOf<[value: SymbolicTensor, gradients: [SymbolicTensor]]>();
});
