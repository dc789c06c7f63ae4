/**
 * Bad models: layers, tensors and functions of one's own that do not fit together.
 */
import { inspect } from 'node:util';
import {
  constraints,
  input,
  Layer,
  layers,
  type losses,
  Model,
  ops,
  Sequential,
  type SymbolicTensor,
  take,
  tensor,
} from 'ridgeline';
import { describe, expect, test } from 'vitest';
import { type Case, table } from '../support/cases.js';
import { expectFailure, expectTrains, numbers, regression, x, y } from '../support/small.js';

describe('structure', () => {
  class Odd extends Layer {
    static override readonly className = 'Odd';
    override call(a: SymbolicTensor): SymbolicTensor {
      return ops.add(a, tensor([1, 2, 3])) as SymbolicTensor;
    }
  }
  class Outer extends Layer {
    static override readonly className = 'Outer';
    readonly #odd = new Odd();
    override call(a: SymbolicTensor): SymbolicTensor {
      return this.#odd(a);
    }
  }
  class Forgetful extends Layer {
    static override readonly className = 'Forgetful';
    override call(a: SymbolicTensor): SymbolicTensor {
      return layers.dense(2)(a);
    }
  }
  class Own extends Model {
    override call(a: SymbolicTensor): SymbolicTensor {
      return a;
    }
  }
  class Late extends Layer {
    static override readonly className = 'Late';
    override call(a: SymbolicTensor): SymbolicTensor {
      return ops.mul(a, this.addWeight('factor', { shape: [], initializer: 'ones' }));
    }
  }
  class Twice extends Layer {
    static override readonly className = 'Twice';
    override build(): void {
      for (let i = 0; i < 2; i++) this.addWeight('w', { shape: [1] });
    }
    override call(a: SymbolicTensor): SymbolicTensor {
      return a;
    }
  }
  const h = (name?: string): SymbolicTensor => input([4], name === undefined ? {} : { name });
  const cases: Case[] = [
    {
      name: 'a model class with a call of its own',
      run: () => new Own().compile({ loss: 'mse' }).fit(x, y),
      code: 'ERR_ARGUMENT',
      says: /has no inputs and outputs: pass \{ inputs, outputs \}; a class with a `call` of its own is a Layer/,
    },
    {
      name: 'normalization of other columns than it was adapted to',
      run: async () => {
        const norm = layers.normalization();
        await norm.adapt([[1, 2]]);
        return norm(input([3]));
      },
      code: 'ERR_SHAPE',
      says: /it has statistics of shape \[2\] along axis 1, received \[\?, 3\]/,
    },
    {
      name: 'a layer with two weights of one name',
      run: () => new Twice({ name: 'of_two' })(h()),
      code: 'ERR_ARGUMENT',
      says: /name must be one that no other weight of layer 'of_two' has, received 'w'/,
    },
    {
      name: 'a layer with weights made in call',
      run: () => new Forgetful({ name: 'f' })(h()),
      code: 'ERR_ARGUMENT',
      says: /^layer 'f\/dense': the layer was made in call\(\), which runs for every program/,
    },
    {
      name: 'a weight made in call',
      run: () => new Late({ name: 'l' })(h()),
      code: 'ERR_ARGUMENT',
      says: /^layer 'l': weight 'factor' was made in call\(\), which runs for every program/,
    },
    {
      name: 'building without a shape',
      run: () => (layers.dense(1) as { build(shape?: unknown): void }).build(),
      code: 'ERR_ARGUMENT',
      says: /^inputShape must be a list of sizes and null, received undefined/,
    },
    {
      name: 'an option by position and by name',
      run: () => layers.dense(2, { units: 3 } as never),
      code: 'ERR_ARGUMENT',
      says: /^units must be given once, by position or by name, received 3/,
    },
    {
      name: 'an axis twice',
      run: () => layers.normalization({ axis: [1, -1] })(h()),
      code: 'ERR_ARGUMENT',
      says: /axis must be different axes of an input of rank 2 behind the batch/,
    },
    {
      name: 'a shared axis that the input does not have',
      run: () => layers.prelu({ sharedAxes: [2] })(h()),
      code: 'ERR_ARGUMENT',
      says: /sharedAxes must be axes of an input of rank 2/,
    },
    {
      name: 'a training flag that is none',
      run: () => layers.dense(1)(h(), { training: 'no' } as never),
      code: 'ERR_ARGUMENT',
      says: /^training must be a boolean, received 'no'/,
    },
    {
      name: 'add while it is trained',
      run: (m) => m.fit(x, y, { callbacks: [{ onEpochEnd: () => void m.add(layers.dense(1)) }] }),
      code: 'ERR_BUSY',
      says: /is being trained/,
    },
    {
      name: 'add to what was disposed',
      run: () => {
        const model = new Sequential([layers.dense(1)]);
        model.dispose();
        model.add(layers.dense(1));
      },
      code: 'ERR_DISPOSED',
      says: /disposed/,
    },
    {
      name: 'stopTraining that is no boolean',
      run: (m) => {
        m.stopTraining = 'no';
      },
      code: 'ERR_ARGUMENT',
      says: /^stopTraining must be a boolean, received 'no'/,
    },
    ...([1, -2, [0, 1], [0, 0], [0, -1]] as const).map((axis) => ({
      name: `a norm of a bias over axis ${JSON.stringify(axis)}`,
      run: () => layers.dense(3, { name: 'd', biasConstraint: constraints.maxNorm(1, { axis }) })(h()),
      code: 'ERR_ARGUMENT',
      says: /^layer 'd': axis of maxNorm must name axes that weight 'd\/bias' of shape \[3\] has, each once, received /,
    })),
    {
      name: 'sizes that do not connect',
      run: () => layers.add()([layers.dense(3)(h()), layers.dense(4)(h())]),
      code: 'ERR_SHAPE',
      says: /layer 'add'.*\[\?, 3\].*\[\?, 4\]/,
    },
    {
      name: 'a layer used again on another width',
      run: () => {
        const d = layers.dense(2, { name: 'd' });
        d(h());
        d(input([5]));
      },
      code: 'ERR_SHAPE',
      says: /layer 'd'/,
    },
    {
      name: 'reshape to another size',
      run: () => layers.reshape([3])(h()),
      code: 'ERR_SHAPE',
      says: /layer 'reshape'.*3/,
    },
    { name: 'own layer', run: () => new Odd()(h()), code: 'ERR_SHAPE', says: /layer 'odd'/ },
    {
      name: 'inner layer by its path',
      run: () => new Outer()(h()),
      code: 'ERR_SHAPE',
      says: /layer 'outer\/odd'/,
    },
    {
      name: 'add what does not connect',
      run: (m) => m.add(layers.reshape([7])),
      code: 'ERR_SHAPE',
      says: /layer 'reshape'/,
    },
    {
      name: 'add a layer twice',
      run: (m) => m.add(m.layers[0]),
      code: 'ERR_ARGUMENT',
      says: /layers\[2\] must be a layer that is not in the model yet, received 'dense'/,
    },
    {
      name: 'add a name',
      run: (m) => m.add('dense'),
      code: 'ERR_ARGUMENT',
      says: /layers\[2\] must be a layer, received 'dense'/,
    },
    {
      name: 'two layers of one name',
      run: () => new Sequential([h(), layers.dense(1, { name: 'd' }), layers.dense(1, { name: 'd' })]),
      code: 'ERR_ARGUMENT',
      says: /two layers are called 'd'/,
    },
    {
      name: 'add a layer of a name that is taken',
      run: (m) => m.add(layers.dense(1, { name: 'p' })).add(layers.dense(1, { name: 'p' })),
      code: 'ERR_ARGUMENT',
      says: /two layers are called 'p'/,
    },
    {
      name: 'output of another input',
      run: () => new Model({ inputs: h('a'), outputs: layers.dense(1)(h('b')) }),
      code: 'ERR_ARGUMENT',
      says: /outputs depend on an input 'b' that is not among inputs/,
    },
    {
      name: 'output that is no tensor',
      run: () => new Model({ inputs: h(), outputs: 1 as never }),
      code: 'ERR_ARGUMENT',
      says: /^outputs must be symbolic tensors/,
    },
    {
      name: 'input that is none',
      run: () => new Model({ inputs: [3] as never, outputs: layers.dense(1)(h()) }),
      code: 'ERR_ARGUMENT',
      says: /^inputs must be tensors made by input\(\)/,
    },
    {
      name: 'misspelt option',
      run: () => new Model({ inputs: h(), output: h() } as never),
      code: 'ERR_ARGUMENT',
      says: /Model has no option 'output'; did you mean 'outputs'/,
    },
    {
      name: 'input of size 0',
      run: () => input([0]),
      code: 'ERR_ARGUMENT',
      says: /^shape must be a list of sizes ≥ 1 and null, received \[0\]/,
    },
    {
      name: 'input of another type',
      run: () => input([1], { dtype: 'float64' as never }),
      code: 'ERR_DTYPE',
      says: /'float64'/,
    },
    {
      name: 'dense on an unknown width',
      run: () => layers.dense(1)(input([null])),
      code: 'ERR_SHAPE',
      says: /layer 'dense': weight 'kernel' needs known sizes, received \[\?, 1\]/,
    },
    {
      name: 'layer called with a number',
      run: () => (layers.dense(1) as unknown as (n: number) => void)(3),
      code: 'ERR_ARGUMENT',
      says: /layer 'dense' expects tensors, received 3/,
    },
    {
      name: 'layer called with nothing',
      run: () => (layers.dense(1) as unknown as () => void)(),
      code: 'ERR_ARGUMENT',
      says: /layer 'dense' expects tensors, received nothing/,
    },
    {
      name: 'unknown call option',
      run: () => layers.dense(1)(x, { trainig: true } as never),
      code: 'ERR_ARGUMENT',
      says: /no option 'trainig'; did you mean 'training'/,
    },
    {
      name: 'getLayer of an unknown name',
      run: (m) => m.getLayer('dens'),
      code: 'ERR_ARGUMENT',
      says: /^layer must be one of dense, dense_1, received 'dens'/,
    },
    { name: 'getLayer beyond the end', run: (m) => m.getLayer(9), code: 'ERR_ARGUMENT', says: /received 9/ },
    {
      name: 'custom loss that gives a number',
      run: () =>
        regression()
          .compile({ loss: (() => 1) as never })
          .fit(x, y),
      code: 'ERR_ARGUMENT',
      says: /^loss 'loss': loss must be a function that gives a symbolic tensor, received 1/,
    },
    {
      name: 'weights for a custom loss of rank 0',
      run: () =>
        regression()
          .compile({ loss: (a, b) => ops.mean(ops.sub(a, b)) as SymbolicTensor })
          .fit(x, y, { sampleWeight: y }),
      code: 'ERR_SHAPE',
      says: /the loss must give a value for each sample .*received a scalar/,
    },
    {
      name: 'custom loss of another type',
      run: () =>
        regression()
          .compile({ loss: (a, b) => ops.greater(a, b) as SymbolicTensor })
          .fit(x, y),
      code: 'ERR_DTYPE',
      says: /the loss must give float32, received bool/,
    },
    {
      name: 'custom regularizer that is no scalar',
      run: () =>
        new Sequential([h(), layers.dense(1, { kernelRegularizer: (w) => ops.square(w) })])
          .compile({ loss: 'mse' })
          .fit(x, y),
      code: 'ERR_SHAPE',
      says: /a custom regularizer must give a scalar/,
    },
    {
      name: 'not compiled: fit',
      run: () => new Sequential([layers.dense(1)]).fit(x, y),
      code: 'ERR_NOT_COMPILED',
      says: /model 'sequential' must be compiled first/,
    },
    {
      name: 'not compiled: evaluate',
      run: () => new Sequential([layers.dense(1)]).evaluate(x, y),
      code: 'ERR_NOT_COMPILED',
      says: /compiled/,
    },
    {
      name: 'not compiled: trainOnBatch',
      run: () => new Sequential([layers.dense(1)]).trainOnBatch(x, y),
      code: 'ERR_NOT_COMPILED',
      says: /compiled/,
    },
    {
      name: 'no input yet: export',
      run: () => new Sequential([layers.dense(1)]).export(),
      code: 'ERR_ARGUMENT',
      says: /no input yet/,
    },
    {
      name: 'no layers',
      run: () => new Sequential([]).predict(x),
      code: 'ERR_ARGUMENT',
      says: /no input yet|no layers/,
    },
  ];
  table(cases);

  const given: [what: string, result: (x: SymbolicTensor) => unknown, says: string][] = [
    ['nothing', () => undefined, 'undefined'],
    ['null', () => null, 'null'],
    ['a number', () => 3, '3'],
    ['a promise', async (x) => x, 'Promise'],
    ['a tensor of numbers', () => tensor([1, 2, 3]), 'Tensor'],
    ['an empty list', () => [], '\\[\\]'],
    ['a list with a number', (x) => [x, 3], '\\['],
    ['a tensor of the functional API', () => input([4]), 'SymbolicTensor'],
    ['a text', () => 'x', "'x'"],
  ];
  describe('a call that gives', () => {
    const own = (result: (x: SymbolicTensor) => unknown): Layer => {
      class Gives extends Layer {
        static override readonly className = 'Gives';
        override call(a: SymbolicTensor): SymbolicTensor {
          return result(a) as SymbolicTensor;
        }
      }
      return new Gives();
    };
    table(
      given.flatMap(([what, result, says]) => {
        const message = new RegExp(
          `^layer 'gives': what call\\(\\) gives must be a symbolic tensor that it computes.*received ${says}`,
        );
        const one = (name: string, run: Case['run']): Case => ({
          name: `${what}, ${name}`,
          run,
          code: 'ERR_ARGUMENT',
          says: message,
        });
        return [
          one('in a model', () => own(result)(h())),
          one('in a Sequential', () => new Sequential([h(), own(result)])),
          one('on numbers', () => own(result)(x)),
          one('behind the first data', () =>
            new Sequential([own(result), layers.dense(1)]).compile({ loss: 'mse' }).fit(x, y),
          ),
        ];
      }),
    );
  });

  test('a build or a mask that comes later is refused, and nobody hears of its failure', async () => {
    class Late extends Layer {
      static override readonly className = 'Late';
      override async build(): Promise<void> {
        throw new Error('unheard');
      }
      override call(a: SymbolicTensor): SymbolicTensor {
        return a;
      }
    }
    class Masks extends layers.Layer {
      static override readonly className = 'Masks';
      override computeMask(): never {
        return Promise.resolve() as never;
      }
      override call(a: SymbolicTensor): SymbolicTensor {
        return a;
      }
    }
    await expectFailure(
      () => new Sequential([h(), new Late()]),
      'ERR_ARGUMENT',
      /^layer 'late': what build\(\) gives must be nothing, without async/,
    );
    await expectFailure(
      () => new Sequential([h(), new Masks()]),
      'ERR_ARGUMENT',
      /^layer 'masks': what computeMask\(\) gives must be a symbolic tensor/,
    );
  });

  test('a tensor of a call that is over is refused wherever it turns up', async () => {
    let kept: SymbolicTensor | undefined;
    class Keeps extends Layer {
      static override readonly className = 'Keeps';
      override call(a: SymbolicTensor): SymbolicTensor {
        kept = ops.add(a, 1);
        return a;
      }
    }
    await new Sequential([h(), new Keeps(), layers.dense(1)]).predict(x);
    const net = (): Sequential => new Sequential([h(), layers.dense(1)]);
    const over = /a symbolic tensor was used outside the call that it belongs to/;
    for (const metric of [
      () => kept,
      () => ops.mul(kept as SymbolicTensor, 1),
      {
        name: 'q',
        update: () => ({ a: ops.sum(kept as SymbolicTensor) }),
        result: (sums: Record<string, number[]>) => sums.a?.[0],
      },
    ])
      await expectFailure(
        () =>
          net()
            .compile({ loss: 'mse', metrics: [metric as never] })
            .fit(x, y),
        'ERR_ARGUMENT',
        over,
      );
  });

  test('a failed add leaves the list as it was', async () => {
    const model = new Sequential([input([4]), layers.dense(2, { name: 'd' })]);
    await expectFailure(() => model.add(layers.reshape([7])), 'ERR_SHAPE', /reshape/);
    await expectFailure(() => model.add(layers.dense(1, { name: 'd' })), 'ERR_ARGUMENT', /two layers/);
    expect(model.layers.map((l) => l.name)).toEqual(['d']);
    await expectTrains(model.add(layers.dense(1)).compile({ loss: 'mse' }) as Model);
  });

  test('a first fit on data that does not fit does not settle the input', async () => {
    const model = new Sequential([
      layers.dense(4),
      layers.reshape([2, 2]),
      layers.flatten(),
      layers.dense(1),
    ]).compile({ loss: 'mse' });
    await expectFailure(() => model.fit(numbers(10, 4), numbers(9, 1)), 'ERR_SHAPE', /y has 9 rows/);
    await expectTrains(model as Model);
  });
});

test('a model that is connected is built by hand for its own shape only', () => {
  const at = input([4]);
  const connected = new Model({ inputs: at, outputs: layers.dense(2)(at) });
  for (const model of [connected, new Sequential([input([4]), layers.dense(2)])]) {
    model.build([null, 4]);
    expect(() => model.build([3, 5])).toThrow(/^inputShape must have shape \[\?, 4\], received \[3, 5\]$/);
    expect(() => model.build(4 as never)).toThrow(/^inputShape must be a list of sizes ≥ 1 and null/);
  }
});

test('a layer that was built by hand keeps its weights', async () => {
  const dense = layers.dense(3);
  dense.build([null, 4]);
  const kernel = dense.weights[0];
  dense.build([null, 4]);
  dense(input([4]));
  expect(dense.weights).toHaveLength(2);
  expect(dense.weights[0]).toBe(kernel);
});

describe('of nothing', () => {
  test.each(['max', 'min', 'argMax'] as const)('%s', async (name) => {
    const none = tensor(new Float32Array(0), { shape: [2, 0] });
    const along = (axis: number) => (name === 'argMax' ? ops.argMax(none, axis) : ops[name](none, { axis }));
    await expectFailure(() => along(1), 'ERR_SHAPE', /of no elements/);
    expect(along(0).shape).toEqual([0]);
  });
});

describe('what Keras passes to call', () => {
  test('a training flag is not passed', async () => {
    class Noisy extends Layer {
      static override readonly className = 'Noisy';
      override call(x: SymbolicTensor, training?: boolean): SymbolicTensor {
        return training ? ops.mul(x, 2) : x;
      }
    }
    const says = /parameter 'training' of call\(\) must be left out: this\.isTraining says it/;
    await expectFailure(() => new Noisy()(input([2])), 'ERR_ARGUMENT', says);
  });
  test('nor are flag and mask in an object', async () => {
    class Options extends Layer {
      static override readonly className = 'Options';
      override call(x: SymbolicTensor, { training = false }: { training?: boolean } = {}): SymbolicTensor {
        return training ? ops.mul(x, 2) : x;
      }
    }
    class Whole extends Layer {
      static override readonly className = 'Whole';
      override call(x: SymbolicTensor, options: { training?: boolean } = {}): SymbolicTensor {
        return options.training ? ops.mul(x, 2) : x;
      }
    }
    class Masked extends Layer {
      static override readonly className = 'Masked';
      override call(x: SymbolicTensor, mask?: SymbolicTensor): SymbolicTensor {
        return mask ? ops.mul(x, ops.expandDims(ops.cast(mask, 'float32'), -1)) : x;
      }
    }
    const flag = /parameter 'training' of call\(\) must be left out: this\.isTraining says it/;
    await expectFailure(() => new Options()(input([2])), 'ERR_ARGUMENT', flag);
    await expectFailure(() => new Whole()(input([2])), 'ERR_ARGUMENT', flag);
    const words = layers.embedding(5, 3, { maskZero: true })(input([4], { dtype: 'int32' }));
    const mask = /parameter 'mask' of call\(\) must be left out: the mask of the tensor itself says it/;
    await expectFailure(() => new Masked()(words), 'ERR_ARGUMENT', mask);
    expect(new Masked()(input([4, 3])).shape).toEqual([null, 4, 3]);
    expect(new Masked()(words, input([4])).shape).toEqual([null, 4, 3]);
  });
  test('but others may be called so', () => {
    class Flagged extends Layer {
      static override readonly className = 'Flagged';
      override call(x: SymbolicTensor, training = this.isTraining): SymbolicTensor {
        return training ? ops.mul(x, 2) : x;
      }
    }
    class Second extends Layer {
      static override readonly className = 'Second';
      override call(x: SymbolicTensor, training: SymbolicTensor): SymbolicTensor {
        return ops.add(x, training) as SymbolicTensor;
      }
    }
    expect(new Flagged()(input([2])).shape).toEqual([null, 2]);
    expect(new Second()(input([2]), input([2])).shape).toEqual([null, 2]);
  });
});

test('a class of one’s own that extends Model is told at once that it is a Layer', async () => {
  class Mine extends Model {}
  await expectFailure(() => new Mine(), 'ERR_ARGUMENT', /a class with a `call` of its own is a Layer/);
});

describe('things of one’s own that are not what they say', () => {
  const circle: unknown[] = [];
  circle.push(circle);
  const odd = (config: unknown): losses.Loss =>
    ({
      name: 'odd',
      sparse: false,
      call: (_: SymbolicTensor, p: SymbolicTensor) => p,
      getConfig: () => config,
    }) as never;
  const holes = new Array(2) as never[];
  table([
    {
      name: 'an initializer that makes no variable',
      run: () =>
        layers.dense(1, { kernelInitializer: { create: () => 1, getConfig: () => ({}) } as never })(
          input([4]),
        ),
      code: 'ERR_ARGUMENT',
      says: /kernelInitializer must be an initializer, whose create\(\) makes a variable/,
    },
    {
      name: 'holes for outputs',
      run: () => layers.lambda(() => holes)(input([4])),
      code: 'ERR_ARGUMENT',
      says: /what call\(\) gives must be/,
    },
    {
      name: 'holes for callbacks',
      run: (m) => m.fit(x, y, { callbacks: holes }),
      code: 'ERR_ARGUMENT',
      says: /^callbacks\[0\] must be an object of functions/,
    },
    {
      name: 'a loss with a circle in its config, saved',
      run: (m) => m.compile({ loss: odd({ circle }) }).save('never.safetensors'),
      code: 'ERR_ARGUMENT',
      says: /cannot save: what it was compiled with has no plain form/,
    },
    {
      name: 'a loss with a bigint in its config, saved',
      run: (m) => m.compile({ loss: odd({ n: 1n }) }).save('never.safetensors'),
      code: 'ERR_ARGUMENT',
      says: /cannot save: what it was compiled with has no plain form/,
    },
    {
      name: 'rows of no end',
      run: () => take(x, new Array(2 ** 32 - 1)),
      code: 'ERR_ARGUMENT',
      says: /^indices must be at most/,
    },
  ]);
  test('memory that was given away is shown as none', () => {
    const given = tensor([1, 2]);
    structuredClone(given.data.buffer, { transfer: [given.data.buffer as ArrayBuffer] });
    expect(inspect(given)).toMatch(/^Tensor float32 \[2\] \[\]/);
    expect(() => regression().compile(undefined as never)).not.toThrow(TypeError);
  });
});
