/**
 * Loops: `scan` against steps written out, in every place where ops work; `whileLoop`; and what is wrong with them.
 */
import {
  input,
  Layer,
  layers,
  Model,
  ops,
  optimizers,
  Sequential,
  type Shape,
  type SymbolicTensor,
  setRandomSeed,
  type Tensor,
  tensor,
  type Weight,
} from 'ridgeline';
import { describe, expect, it } from 'vitest';
import { Trace } from '../src/core/trace.js';
import * as inner from '../src/ops/index.js';
import './support/allclose.js';
import { gradientsOf } from './support/gradients.js';
import { expectSameInRuntime } from './support/onnx.js';

const wave = (shape: number[], seed: number): Tensor<'float32'> =>
  tensor(
    Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => Math.sin(seed + 3 * i)),
    { shape },
  ) as Tensor<'float32'>;

describe('scan', () => {
  it('computes at once on concrete tensors', () => {
    const [total, totals] = ops.scan(
      (sum, x) => {
        const next = ops.add(sum, x);
        return [next, next];
      },
      0,
      tensor([1, 2, 3]),
    );
    expect([total.toArray(), totals.toArray()]).toEqual([6, [1, 3, 6]]);
    const [last, nothing] = ops.scan((x) => [ops.mul(x, 2)], tensor([1, 2]), undefined, { length: 5 });
    expect([last.toArray(), nothing]).toEqual([[32, 64], undefined]);
  });
  it('takes lists, from the end too, and keeps outputs in order', () => {
    const [[a, b], [c]] = ops.scan(
      ([m, n], [x, y]) => [[ops.add(ops.mul(m, 2), x), ops.sub(n, y)], [ops.add(m, y)]],
      [tensor(1), tensor(0)],
      [tensor([1, 2, 3]), tensor([10, 20, 30])],
      { reverse: true },
    );
    expect([a.toArray(), b.toArray(), c.toArray()]).toEqual([25, -60, [22, 25, 31]]);
  });
  it('has the values and gradients of its steps written out', () => {
    const [xs, h, w] = [wave([6, 3, 4], 1), wave([3, 5], 2), wave([9, 5], 3)];
    const run = (loop: boolean): Tensor[] => {
      const trace = new Trace(false);
      return trace.run(() => {
        const of = [xs, h, w].map((t) => trace.constant(t)) as [
          SymbolicTensor,
          SymbolicTensor,
          SymbolicTensor,
        ];
        const step = (state: SymbolicTensor, x: SymbolicTensor): SymbolicTensor =>
          inner.tanh(inner.matmul(inner.concat([x, state]), of[2]));
        let last = of[1];
        let all: SymbolicTensor;
        if (loop) {
          const [behind, outputs] = inner.scan(
            (state, x) => [step(state, x), inner.square(step(state, x))],
            last,
            of[0],
          );
          [last, all] = [behind, outputs];
        } else {
          const parts = inner.split(of[0], 6, 0).map((x) => {
            last = step(last, inner.squeeze(x, 0));
            return inner.expandDims(inner.square(last), 0);
          });
          all = inner.concat(parts, 0);
        }
        const loss = inner.add(inner.sum(inner.mul(all, wave([6, 3, 5], 4))), inner.sum(last));
        return [...trace.evaluate([last, all]), ...gradientsOf(trace, loss, of)];
      });
    };
    const [found, expected] = [run(true), run(false)];
    for (const [i, value] of found.entries()) expect(value).toBeAllclose(expected[i] as Tensor);
  });
  it('draws other random numbers in every step, and the same in backward', () => {
    const trace = new Trace(true);
    trace.run(() => {
      const x = trace.constant(tensor(new Float32Array(1000).fill(1)));
      const [, drawn] = inner.scan(
        (sum, _) => [sum, inner.mul(x, inner.randomUniform(x, {}))],
        trace.constant(tensor(0)),
        trace.constant(wave([4], 1)),
      );
      const [values] = trace.evaluate([drawn]);
      const rows = (values as Tensor).toArray<number[][]>();
      expect(new Set(rows.map((row) => row[0])).size).toBe(4);
      const [gradient] = gradientsOf(trace, inner.sum(drawn), [x]);
      const sums = rows[0]?.map((_, i) => rows.reduce((a, row) => a + (row[i] as number), 0));
      expect(gradient).toBeAllclose(sums as number[]);
    });
  });
  it('draws other random numbers in every step of loops within loops, and the same in backward', () => {
    const trace = new Trace(true);
    trace.run(() => {
      const x = trace.constant(tensor(new Float32Array(100).fill(1)));
      const nothing = trace.constant(tensor(0));
      const draw = (): SymbolicTensor => inner.mul(x, inner.randomUniform(x));
      // Three loops: 2 × 3 × 4 steps, those of the two within written out.
      const [, drawn] = inner.scan(
        (a) => [
          a,
          inner.scan(
            (b) => [b, inner.scan((c) => [c, draw()], b, undefined, { length: 4, reverse: true })[1]],
            a,
            undefined,
            { length: 3 },
          )[1],
        ],
        nothing,
        undefined,
        { length: 2 },
      );
      const [values] = trace.evaluate([drawn]);
      const rows = (values as Tensor).toArray<number[][][][]>().flat(2);
      expect(new Set(rows.flat()).size).toBe(2400);
      const [gradient] = gradientsOf(trace, inner.sum(drawn), [x]);
      const sums = rows[0]?.map((_, i) => rows.reduce((a, row) => a + (row[i] as number), 0));
      expect(gradient).toBeAllclose(sums as number[]);
    });
  });
  it('draws other random numbers in every step of a while within a scan and within another', () => {
    // Numbers come in behind those that are there, four in every step of the loop around.
    const four = <T extends Tensor | SymbolicTensor>(numbers: T) =>
      ops.whileLoop(
        ([turn]) => ops.less(turn, 4),
        ([turn, all]) => {
          const drawn = ops.randomUniform(ops.slice(all, 0, 1, 0));
          return [ops.add(turn, 1), ops.concat([ops.slice(all, 1, 11, 0), drawn], 0)];
        },
        [ops.mul(ops.sum(numbers), 0), numbers],
      )[1];
    const within = [
      () => ops.scan((all) => [four(all)], tensor(new Float32Array(12)), undefined, { length: 3 })[0],
      () =>
        ops.whileLoop(
          ([turn]) => ops.less(turn, 3),
          ([turn, all]) => [ops.add(turn, 1), four(all)],
          [tensor(0), tensor(new Float32Array(12))],
        )[1],
    ];
    for (const draw of within) {
      const numbers = draw().toArray<number[]>();
      expect(numbers.every((number) => number > 0 && number < 1)).toBe(true);
      expect(new Set(numbers).size).toBe(12);
    }
  });
  it('trains in a layer, whose weights all steps share', async () => {
    class Decay extends Layer {
      static override readonly className = 'Decay';
      #rate!: Weight;
      override build(shape: Shape): void {
        this.#rate = this.addWeight('rate', { shape: [shape.at(-1) ?? null], initializer: 'ones' });
      }
      override call(x: SymbolicTensor): SymbolicTensor {
        const along = ops.transpose(x, [1, 0, 2]);
        const [last] = ops.scan(
          (sum, now) => [ops.add(ops.mul(sum, this.#rate), now)],
          ops.zerosLike(ops.sum(along, { axis: 0 })),
          along,
        );
        return last;
      }
    }
    const model = new Sequential([input([null, 2]), new Decay()]);
    model.compile({ optimizer: optimizers.adam({ learningRate: 0.05 }), loss: 'mse' });
    const rows = Array.from({ length: 64 }, (_, r) =>
      Array.from({ length: 5 }, (_, t) => [Math.sin(r + t), Math.cos(2 * r - t)]),
    );
    const decayed = rows.map((row) =>
      row.reduce((sum, x) => [sum[0]! * 0.5 + x[0]!, sum[1]! * 0.8 + x[1]!], [0, 0]),
    );
    await model.fit(rows, decayed, { epochs: 150, verbose: 0 });
    const [rate] = model.getWeights() as [Tensor];
    expect(rate).toBeAllclose([0.5, 0.8], { absolute: 0.01 });
    const two = await model.predict(rows, { threads: 2 });
    expect(two.data).toEqual((await model.predict(rows, { threads: 1 })).data);
    await expectSameInRuntime(model, { batches: [1, 7], sizes: [5, 3] });
  });
  it('gives the same bits on any number of threads', async () => {
    class Wide extends Layer {
      static override readonly className = 'Wide';
      #kernel!: Weight;
      override build(shape: Shape): void {
        this.#kernel = this.addWeight('kernel', { shape: [(shape.at(-1) as number) + 96, 96] });
      }
      override call(x: SymbolicTensor): SymbolicTensor {
        const along = ops.transpose(x, [1, 0, 2]);
        const zeros = ops.matmul(ops.mul(ops.min(along, { axis: 0 }), 0), ops.slice(this.#kernel, 0, 32, 0));
        const step = (state: SymbolicTensor, now: SymbolicTensor): readonly [SymbolicTensor] => [
          ops.tanh(ops.matmul(ops.concat([now, state]), this.#kernel)),
        ];
        return ops.scan(step, zeros, along)[0];
      }
    }
    const x = wave([512, 6, 32], 1);
    const runs = [];
    for (const threads of [1, 2, 3]) {
      setRandomSeed(1);
      const model = new Sequential([input([6, 32]), new Wide()]).compile({ optimizer: 'adam', loss: 'mse' });
      const y = await model.predict(x, { threads, batchSize: 512 });
      await model.fit(x, wave([512, 96], 2), { epochs: 2, batchSize: 256, threads, verbose: 0 });
      runs.push([y.data, ...model.getWeights().map((weight) => weight.data)]);
    }
    for (const run of runs.slice(1)) expect(run).toEqual(runs[0]);
  });
  it('goes through the rows of a batch where they lie', async () => {
    class Running extends Layer {
      static override readonly className = 'Running';
      override call(x: SymbolicTensor): SymbolicTensor {
        const first = ops.mul(ops.min(x, { axis: 0 }), 0);
        const next = (
          sum: SymbolicTensor,
          row: SymbolicTensor,
        ): readonly [SymbolicTensor, SymbolicTensor] => {
          const behind = ops.add(sum, row);
          return [behind, behind];
        };
        return ops.scan(next, first, x)[1];
      }
    }
    const model = new Sequential([input([2]), new Running()]);
    expect(
      (
        await model.predict([
          [1, 2],
          [3, 4],
          [5, 6],
        ])
      ).toArray(),
    ).toEqual([
      [1, 2],
      [4, 6],
      [9, 12],
    ]);
  });
  it('is recorded in the functional API', async () => {
    const x = input([3]);
    const [last, all] = ops.scan((sum) => [ops.add(sum, 1), sum], x, undefined, { length: 4 });
    const outputs = ops.transpose(all, [1, 0, 2]);
    const model = new Model({ inputs: x, outputs: [last, outputs] });
    const [a, b] = await model.predict([[1, 2, 3]]);
    expect(a.toArray()).toEqual([[5, 6, 7]]);
    expect(b.toArray<number[][][]>()[0]?.map((row) => row[0])).toEqual([1, 2, 3, 4]);
  });
  it('says what is wrong', () => {
    const x = tensor([
      [1, 2],
      [3, 4],
    ]);
    expect(() => ops.scan((c) => [c], 0, undefined)).toThrow(/length must be/);
    expect(() => ops.scan((c) => [c], 0, x, { length: 2 })).toThrow(/length must be left out/);
    expect(() => ops.scan((c, row) => [ops.add(c, row)], 0, x)).toThrow(
      /float32 \[\] before a step and float32 \[2\]/,
    );
    expect(() => ops.scan((c) => [c], 0, undefined, { length: 2 ** 31 })).toThrow(/at most 16777216/);
    expect(() => ops.scan((c) => c as never, 0, x)).toThrow(/what the step gives must be \[carry, output\]/);
    expect(() => ops.scan((c) => [[c, c] as never], 0, x)).toThrow(/the carry must be 1 tensors/);
    expect(() => ops.scan((c) => [c], 0, [x, tensor([1, 2, 3])])).toThrow(/scan: input 2 is/);
    expect(() => ops.scan((c) => [c], 0, tensor(1))).toThrow(/received a scalar/);
    expect(() => ops.scan(5 as never, 0, x)).toThrow(/step must be a function/);
    const nested = (length: number): unknown =>
      ops.scan((c) => [ops.scan((d) => [ops.add(d, 1)], c, undefined, { length })[0]], 0, x);
    expect(() => nested(257)).toThrow(/at most 256 steps/);
  });
  it('goes through a scan in its step, forwards and backwards, with a gradient', async () => {
    const [rows, steps, size] = [3, 4, 2];
    for (const reverse of [false, true]) {
      // For each row its steps one after the other, from what the row before left.
      const both = (xs: Tensor, w: Tensor | SymbolicTensor): unknown =>
        ops.scan(
          (c, row) => {
            const [last, all] = ops.scan(
              (d, x) => {
                const next = ops.tanh(ops.add(ops.mul(d, w), x));
                return [next, ops.mul(next, d)];
              },
              c,
              row as SymbolicTensor,
              { reverse },
            );
            return [ops.add(last, 0.1), ops.add(all, ops.expandDims(c, 0))];
          },
          tensor([0.5, -0.5]),
          xs,
        );
      const written = (xs: number[][][], w: number[]): number[] => {
        let c = [0.5, -0.5];
        const found: number[] = [];
        for (const row of xs) {
          let d = c;
          const all: number[][] = row.map(() => []);
          const order = row.map((_, t) => (reverse ? steps - 1 - t : t));
          for (const t of order) {
            const next = d.map((of, i) => Math.tanh(of * w[i]! + row[t]![i]!));
            all[t] = next.map((of, i) => of * d[i]! + c[i]!);
            d = next;
          }
          found.push(...all.flat());
          c = d.map((of) => of + 0.1);
        }
        return [...c, ...found];
      };
      const [xs, w] = [wave([rows, steps, size], 1), tensor([0.7, -0.3])];
      const [last, all] = both(xs, w) as [Tensor, Tensor];
      const expected = written(xs.toArray(), w.toArray());
      expect([...last.data, ...all.data]).toBeAllclose(expected, { absolute: 1e-5, relative: 1e-5 });
      const weights = wave([rows, steps, size], 5);
      const loss = (w: number[]): number =>
        written(xs.toArray(), w).reduce(
          (sum, of, i) => sum + of * (i < size ? 1 : weights.data[i - size]!),
          0,
        );
      const numeric = [0, 1].map((i) => {
        const moved = (by: number): number[] => [0.7, -0.3].map((of, j) => (i === j ? of + by : of));
        return (loss(moved(1e-4)) - loss(moved(-1e-4))) / 2e-4;
      });
      const slope = ops.valueAndGrad((of) => {
        const [end, told] = both(xs, of) as [SymbolicTensor, SymbolicTensor];
        return ops.add(ops.sum(end), ops.sum(ops.mul(told, weights))) as SymbolicTensor;
      });
      const [, [found]] = slope(w);
      expect(found).toBeAllclose(tensor(numeric), { absolute: 1e-3, relative: 1e-3 });
    }
  });
});

it('scans steps of unknown number in the functional API too', async () => {
  const x = input([null, 4]);
  const steps = ops.transpose(x, [1, 0, 2]);
  const start = ops.zerosLike(ops.mean(x, { axis: 1 }));
  const [last] = ops.scan((c, e) => [ops.add(ops.mul(c, 0.5), e)], start, steps);
  const [rest] = ops.scan((c, e) => [ops.add(c, e)], start, ops.slice(steps, { start: 1 }));
  const model = new Model({ inputs: x, outputs: ops.add(last, rest) });
  expect(model.outputs[0]?.shape).toEqual([null, 4]);
  const ones = ops.ones([2, 3, 4]);
  expect((model.predictSync(ones) as Tensor).toArray()).toEqual([Array(4).fill(3.75), Array(4).fill(3.75)]);
});

describe('whileLoop', () => {
  it('goes on as long as its condition holds', () => {
    const found = ops.whileLoop(
      (x) => ops.less(x, 100),
      (x) => ops.mul(x, 2),
      tensor(3),
    );
    expect(found.toArray()).toBe(192);
    const [a, b] = ops.whileLoop(
      ([x, n]) => ops.logicalAnd(ops.less(x, 1000), ops.less(n, 4)),
      ([x, n]) => [ops.mul(x, 10), ops.add(n, 1)],
      [tensor(1), tensor(0)],
    );
    expect([a.toArray(), b.toArray()]).toEqual([1000, 3]);
    const stopped = ops.whileLoop(
      (x) => ops.less(x, 100),
      (x) => ops.mul(x, 2),
      tensor(3),
      { maximumIterations: 2 },
    );
    expect(stopped.toArray()).toBe(12);
  });
  it('works in a model, and uses what is around it', async () => {
    class Halve extends Layer {
      static override readonly className = 'Halve';
      override call(x: SymbolicTensor): SymbolicTensor {
        const limit = ops.max(ops.abs(ops.mul(x, 0.25)));
        return ops.whileLoop(
          (y) => ops.greater(ops.max(ops.abs(y)), limit),
          (y) => ops.mul(y, 0.5),
          x,
        );
      }
    }
    const model = new Sequential([input([3]), new Halve()]);
    expect((await model.predict([[8, 4, 2]])).toArray()).toEqual([[2, 1, 0.5]]);
    await expectSameInRuntime(model, { batches: [1, 7] });
    const trained = new Sequential([input([3]), layers.dense(3), new Halve()]).compile({
      optimizer: 'sgd',
      loss: 'mse',
    });
    await expect(trained.fit([[1, 2, 3]], [[1, 2, 3]])).rejects.toThrow(/'whileLoop' has no gradient/);
  });
  it('goes on within the step of a scan, as often as each step needs', () => {
    const below = (c: SymbolicTensor, limit: SymbolicTensor): SymbolicTensor =>
      ops.whileLoop(
        (d) => ops.less(d, limit),
        (d) => ops.add(ops.mul(d, 2), 1),
        c,
      );
    const limits = [3, 40, 2, 5, 100];
    for (const reverse of [false, true]) {
      const [last, all] = ops.scan(
        (c, limit) => {
          const grown = below(c, limit);
          return [ops.sub(grown, limit), grown];
        },
        1,
        tensor(limits),
        { reverse },
      );
      let state = 1;
      const expected: number[] = [];
      for (const at of reverse ? [4, 3, 2, 1, 0] : [0, 1, 2, 3, 4]) {
        const limit = limits[at] as number;
        while (state < limit) state = state * 2 + 1;
        expected[at] = state;
        state -= limit;
      }
      expect(all.toArray()).toEqual(expected);
      expect(last.toArray()).toBe(state);
    }
  });
  it('goes on within another one, in its condition too, and with a scan in its step', () => {
    // The power of two behind the sum of its numbers, so often that it passes 50.
    const power = (of: SymbolicTensor): SymbolicTensor =>
      ops.whileLoop(
        (p) => ops.less(p, of),
        (p) => ops.mul(p, 2),
        ops.add(ops.mul(of, 0), 1),
      );
    const found = ops.whileLoop(
      (x) => ops.less(power(x), 64),
      (x) => {
        const [sum] = ops.scan((c) => [ops.add(c, 1)], power(x), undefined, { length: 3 });
        return sum;
      },
      tensor(5),
    );
    let x = 5;
    const next = (of: number): number => 2 ** Math.ceil(Math.log2(of));
    while (next(x) < 64) x = next(x) + 3;
    expect(found.toArray()).toBe(x);
  });
  it('goes on within a recurrent cell, with few rows and many, and in ONNX', async () => {
    class Settling extends Layer {
      static override readonly className = 'Settling';
      override call(x: SymbolicTensor): SymbolicTensor {
        const steps = ops.transpose(x, [1, 0, 2]);
        const [, all] = ops.scan(
          (c, row) => {
            const grown = ops.add(ops.mul(c, 0.5), row);
            const settled = ops.whileLoop(
              (d) => ops.greater(ops.max(ops.abs(d)), 1.5),
              (d) => ops.mul(d, 0.75),
              grown,
            );
            return [settled, ops.add(settled, row)];
          },
          ops.mul(ops.max(x, { axis: 1 }), 0),
          steps,
        );
        return ops.transpose(all, [1, 0, 2]);
      }
    }
    const model = new Sequential([input([null, 3]), new Settling()]);
    for (const rows of [1, 5, 70]) {
      const x = Array.from({ length: rows }, (_, r) =>
        Array.from({ length: 6 }, (_, t) => [0, 1, 2].map((i) => 3 * Math.sin(7 * r + 3 * t + i))),
      );
      let state = x.map(() => [0, 0, 0]);
      const expected: number[][][] = x.map(() => []);
      for (let t = 0; t < 6; t++) {
        state = state.map((c, r) => c.map((d, i) => d * 0.5 + (x[r]?.[t]?.[i] as number)));
        while (Math.max(...state.flat().map(Math.abs)) > 1.5)
          state = state.map((c) => c.map((d) => d * 0.75));
        for (const [r, c] of state.entries())
          expected[r]?.push(c.map((d, i) => d + (x[r]?.[t]?.[i] as number)));
      }
      expect(await model.predict(x)).toBeAllclose(tensor(expected), { absolute: 1e-5, relative: 1e-5 });
    }
    await expectSameInRuntime(model, { batches: [1, 7] });
  });
  it('says what is wrong', () => {
    expect(() =>
      ops.whileLoop(
        (x) => x,
        (x) => x,
        tensor([1, 2]),
      ),
    ).toThrow(/condition of a loop must be a bool scalar/);
    expect(() =>
      ops.whileLoop(
        (x) => ops.less(x, 1),
        () => tensor([1, 2]),
        tensor(0),
      ),
    ).toThrow(/before a step and float32 \[2\]/);
    expect(() =>
      ops.whileLoop(
        (x) => ops.less(x, 1),
        () => [] as never,
        tensor(0),
      ),
    ).toThrow(/must be 1 tensors as before/);
  });
});

describe('what layers add to the loss in the step of a loop', () => {
  const penalty = async (loop: (x: SymbolicTensor, layer: Layer) => SymbolicTensor): Promise<number> => {
    const layer = layers.dense(2, {
      useBias: false,
      kernelInitializer: 'ones',
      activityRegularizer: 'l2',
    });
    const at = input([2]);
    const around = layers.lambda((x: SymbolicTensor) => loop(x, layer as never));
    const model = new Model({ inputs: at, outputs: around(at as never) as SymbolicTensor });
    const logs = await model.compile({ loss: 'mse' }).evaluate([[1, 1]], [[0, 0]]);
    // And nowhere else.
    await expectSameInRuntime(model as Model);
    return (logs as unknown as { penalty: number }).penalty;
  };
  it('counts in all its steps', async () => {
    const call = (layer: Layer, x: SymbolicTensor): SymbolicTensor => layer(x as never) as never;
    const written = await penalty((x, layer) => call(layer, call(layer, x)));
    expect(written).toBeGreaterThan(0);
    expect(
      await penalty((x, layer) => ops.scan((c) => [call(layer, c)], x, undefined, { length: 2 })[0]),
    ).toBeCloseTo(written, 6);
    expect(
      await penalty(
        (x, layer) =>
          ops.whileLoop(
            ([i]) => ops.less(i, 2),
            ([i, c]) => [ops.add(i, 1), call(layer, c)],
            [0, x],
          )[1],
      ),
    ).toBeCloseTo(written, 6);
  });
});

describe('recurrent layers whose results go straight out of a step', () => {
  type Step = (v: SymbolicTensor) => SymbolicTensor;
  const cases: [string, () => [Layer, Step]][] = [
    [
      'the last output of an LSTM',
      () => {
        const lstm = layers.lstm(3);
        return [lstm, (v) => lstm(ops.expandDims(v, 1)) as SymbolicTensor];
      },
    ],
    [
      'the state of a cell',
      () => {
        const cell = layers.gruCell(3);
        return [cell, (v) => cell(v, [ops.mul(v, 0.1)])[1] as SymbolicTensor];
      },
    ],
    [
      'the state of a layer',
      () => {
        const rnn = layers.simpleRnn(3, { returnState: true });
        return [rnn, (v) => (rnn(ops.expandDims(v, 1)) as unknown as SymbolicTensor[])[1] as SymbolicTensor];
      },
    ],
  ];
  it.each(cases)('%s is exported', async (_, make) => {
    class Through extends Layer {
      static override readonly className = 'Through';
      readonly made = make();
      override call(x: SymbolicTensor): SymbolicTensor {
        const [last, all] = ops.scan(
          (_, v) => {
            const y = this.made[1](v);
            return [y, y];
          },
          ops.mul(ops.min(x, { axis: 1 }), 0),
          ops.transpose(x, [1, 0, 2]),
        );
        return ops.add(ops.transpose(all, [1, 0, 2]), ops.expandDims(last, 1)) as SymbolicTensor;
      }
    }
    await expectSameInRuntime(new Sequential([input([4, 3]), new Through()]) as Model);
  });
});

it('loops in loops in loops are refused before they take for ever', () => {
  const repeat = (step: (c: Tensor) => Tensor, length: number) => (c: Tensor) =>
    ops.scan((d) => [step(d as never) as never], c, undefined, { length })[0] as Tensor;
  const nested = (n: number): unknown =>
    repeat(
      repeat(
        repeat((e) => ops.add(e, 1), n),
        n,
      ),
      2,
    )(tensor(0));
  expect((nested(12) as Tensor).toArray()).toBe(288);
  expect(() => nested(120)).toThrow(/at most 2048 steps together, received 14400/);
});
