/**
 * Things of users' own, and small models: what the cases build on.
 */
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cwd } from 'node:process';
import {
  input,
  isRidgelineError,
  Layer,
  layers,
  Model,
  Sequential,
  type Shape,
  type SymbolicTensor,
  type Tensor,
  type Weight,
} from 'ridgeline';
import { Draw } from './draw.js';
import { mutated } from './mutation.js';
import { mine } from './odd.js';

type Body = (this: Own, ...inputs: never[]) => unknown;

/** A layer that does what it is told. */
class Own extends Layer {
  static override readonly className: string = 'Own';
  readonly #body: Body;
  readonly #build: ((this: Own, shape: Shape) => unknown) | undefined;

  constructor(body: Body, build?: (this: Own, shape: Shape) => unknown) {
    super();
    this.#body = body;
    this.#build = build;
  }
  override build(shape: Shape): never {
    return this.#build?.call(this, shape) as never;
  }
  override call(...inputs: never[]): unknown {
    return this.#body.apply(this, inputs);
  }
  /** Protected things, for bodies. */
  weight(name: never, options: never): Weight {
    return this.addWeight(name, options);
  }
  override assign(weight: Weight, next: SymbolicTensor): void {
    super.assign(weight, next);
  }
}

/** A layer with a `call` and perhaps a `build` of its own. */
export const layer = (body: Body, build?: (this: Own, shape: Shape) => unknown): Layer =>
  new Own(body, build);

/** A layer of a class with other static or prototype members. */
export function classed(statics: object, members: object = {}): Layer {
  const Class = class extends Own {
    static override readonly className: string = 'Classed';
  };
  for (const [key, value] of Object.entries(statics)) Object.defineProperty(Class, key, { value });
  Object.defineProperties(Class.prototype, Object.getOwnPropertyDescriptors(members));
  return new Class(((x: unknown) => x) as Body);
}

/** A tensor of a trace that is over. */
export function kept(of: Tensor): SymbolicTensor {
  const seen: SymbolicTensor[] = [];
  layer(((x: SymbolicTensor) => {
    seen.push(x);
    return x;
  }) as Body)(of);
  return seen[0]!;
}

/** A compiled regression model: four features, one output. */
export const regression = (): Model =>
  new Sequential([layers.input([4]), layers.dense(3, { activation: 'relu' }), layers.dense(1)]).compile({
    loss: 'mse',
  });

/** A compiled classifier: four features, three classes. */
export const classifier = (): Model =>
  new Sequential([layers.input([4]), layers.dense(3, { activation: 'softmax' })]).compile({
    optimizer: 'sgd',
    loss: 'sparseCategoricalCrossentropy',
    metrics: ['accuracy'],
  });

/** A compiled model of two inputs and two outputs. */
export function two(): Model {
  const [a, b] = [input([4], { name: 'p' }), input([2], { name: 'q' })];
  const h = layers.concatenate()([a, b]);
  const outputs = [layers.dense(1, { name: 'r' })(h), layers.dense(2, { name: 's' })(h)];
  return new Model({ inputs: [a, b], outputs }).compile({ loss: 'mse' });
}

/** A compiled model that learns its input from the first data. */
export const lazy = (): Model => new Sequential([layers.dense(1)]).compile({ loss: 'mse' });

/** A compiled model after its end. */
export function disposed(): Model {
  const model = regression();
  model.dispose();
  return model;
}

/** Ends the model if its fit takes long: some options ask for more epochs than there is time for. */
export function limited<T extends Model>(model: T, milliseconds = 150): T {
  setTimeout(() => model.dispose(), milliseconds).unref();
  return model;
}

/** A signal that is given soon. */
export function aborting(milliseconds: number): AbortSignal {
  const controller = new AbortController();
  setTimeout(() => controller.abort(mine), milliseconds).unref();
  return controller.signal;
}

/** Two models, each of which was to become part of the other. */
export async function entangled(): Promise<Model> {
  const model = new Sequential([layers.dense(1)]);
  const other = new Sequential([model]);
  await attempt(() => model.add(other));
  return model;
}

/** Two layers whose calls use each other. */
export function mutual(): Layer {
  let depth = 0;
  const one: Layer = layer(((x: SymbolicTensor) => (depth++ > 2 ? x : other(x))) as Body);
  const other: Layer = layer(((x: SymbolicTensor) => one(x)) as Body);
  return one;
}

/** Does `work`; an error that may come is passed over, so that the case goes on. */
export async function attempt(work: () => unknown): Promise<unknown> {
  try {
    return await work();
  } catch (error) {
    if (error !== mine && !isRidgelineError(error)) throw error;
    return error;
  }
}

/** Does `work` with what is given, which has to reject where it fails: that it throws at once is a fault. */
export function promised<A extends unknown[]>(work: (...given: A) => unknown, ...given: A): unknown {
  try {
    return work(...given);
  } catch (error) {
    throw new Error('threw at once instead of rejecting', { cause: error });
  }
}

const folder = mkdtempSync(join(cwd(), 'files-'));

/** A path for files. */
export const path = (name = 'file'): string => join(folder, name);

/** A file with `bytes`. */
export function file(bytes: Uint8Array): string {
  writeFileSync(path(), bytes);
  return path();
}

/** The file of a saved model, of which something was changed. */
export async function damaged(model: Model, seed: number): Promise<string> {
  await model.save(path('whole'));
  return file(mutated(readFileSync(path('whole')), new Draw(seed)));
}
