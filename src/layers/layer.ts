/**
 * The base of all layers: naming, building, weights, and being called.
 */

import { dispatch } from '../core/apply.js';
import { Callable } from '../core/callable.js';
import { boolean, options as checkOptions, snake } from '../core/check.js';
import { nextStream } from '../core/random.js';
import { isTensorLike, type Operand, type Shape, type SymbolicTensor } from '../core/symbolic.js';
import { isTensor, shapeText, type Tensor, type TensorInput } from '../core/tensor.js';
import { Trace } from '../core/trace.js';
import { Weight } from '../core/weight.js';
import { argumentError, RidgelineError, show } from '../errors.js';
import { getInitializer, type InitializerIdentifier } from '../initializers/identifier.js';
import type { Initializer } from '../initializers/initializer.js';
import { guard } from '../native.js';
import * as ops from '../ops/index.js';
import { getRegularizer, type Regularizer, type RegularizerIdentifier } from '../regularizers/regularizer.js';

/** Options every layer takes. */
export interface LayerOptions {
  /** Name within the model; by default from the class, numbered. */
  readonly name?: string | undefined;
  /** False to freeze the weights. Default true. */
  readonly trainable?: boolean | undefined;
}

/** Options of a call. */
export interface CallOptions {
  /** True for training behaviour, such as dropout. Default: that of the surrounding call, else false. */
  readonly training?: boolean | undefined;
}

/** Options of {@link Layer.addWeight}. */
export interface WeightOptions {
  /** Sizes; all must be known. */
  readonly shape: readonly (number | null)[];
  /** Initial values. Default `glorotUniform`. */
  readonly initializer?: InitializerIdentifier | undefined;
  /** Penalty added to the loss. */
  readonly regularizer?: RegularizerIdentifier | undefined;
  /** False for state that no gradient changes. Default true. */
  readonly trainable?: boolean | undefined;
}

/** Keys of {@link LayerOptions}. */
export const LAYER_OPTIONS = ['name', 'trainable'] as const;

/** A tensor or tensors that a layer gives. */
export type Outputs = SymbolicTensor | SymbolicTensor[];

/** Arguments of a call: those of the class's `call`, and options last. */
export type Arguments<P extends unknown[]> = [...P, options?: CallOptions];

/** A symbolic argument with concrete tensors in its place. */
export type Concrete<T> = T extends SymbolicTensor
  ? Tensor
  : T extends readonly SymbolicTensor[]
    ? readonly Tensor[]
    : T;

/** A layer can be called on tensors, symbolic or concrete, with options last. */
export interface Layer {
  /** Applies the layer. */
  (...inputs: Arguments<Parameters<this['call']>>): ReturnType<this['call']>;
  /** Applies the layer to concrete tensors at once. */
  (
    ...inputs: Arguments<{ [I in keyof Parameters<this['call']>]: Concrete<Parameters<this['call']>[I]> }>
  ): Tensor;
}

/**
 * A layer: weights, and what it does with its inputs.
 *
 * Subclasses say `call`, and `build` if they have weights of their own. `call` may run several times, so it
 * must be free of side effects and make no layers with weights. Inner layers are found when `call` uses them, in any
 * field, private or not. `this.isTraining` says what Keras passes to `call` as `training`.
 *
 * @example
 * ```ts
 * class Scale extends Layer {
 *   static readonly className = 'Scale';
 *   #factor!: Weight;
 *   override build(shape: Shape) {
 *     this.#factor = this.addWeight('factor', { shape: [shape.at(-1) ?? null], initializer: 'ones' });
 *   }
 *   override call(x: SymbolicTensor) {
 *     return ops.mul(x, this.#factor);
 *   }
 * }
 * ```
 */
// biome-ignore lint/suspicious/noUnsafeDeclarationMerging: the interface is the call signature.
export abstract class Layer extends Callable {
  /** Name under which models save and restore the class. */
  static readonly className: string = 'Layer';

  /** False freezes the weights of this layer and those inside it; recompile after changing it. */
  trainable: boolean;
  /** Penalty on what the layer gives, divided by the batch size. */
  activityRegularizer: Regularizer | undefined;
  /** True once the layer has its weights. */
  built = false;
  #name: string | undefined;
  readonly #named: boolean;
  readonly #weights: Weight[] = [];
  readonly #inner = new Map<Layer, string>();
  /** The layer in whose `call` this one was made, if in any. */
  readonly #madeIn: Layer | undefined = calling.at(-1);

  constructor(options?: LayerOptions) {
    super();
    if (options !== undefined && (typeof options !== 'object' || options === null)) {
      throw argumentError(`config of ${new.target.className}`, 'an object', options);
    }
    const { name, trainable = true } = options ?? {};
    if (name !== undefined && (typeof name !== 'string' || !/^[^/\s][^/]*$/.test(name))) {
      throw argumentError('name', "a non-empty string without '/'", name);
    }
    this.#name = name;
    this.#named = name !== undefined;
    this.trainable = boolean('trainable', trainable);
  }

  /** What the layer computes, from symbolic tensors. */
  // biome-ignore lint/suspicious/noExplicitAny: subclasses say what they take; only `any` lets every one be a Layer.
  abstract call(...inputs: any[]): any;

  /** Creates the weights, once, from the shape of the first input. */
  build(_inputShape: Shape): void {}

  /** Options that make an equal layer: `new Class(layer.getConfig())`. */
  getConfig(): Record<string, unknown> {
    return { name: this.name, ...(this.trainable ? {} : { trainable: false }) };
  }

  /** Name within the model. */
  get name(): string {
    this.#name ??= snake((this.constructor as typeof Layer).className);
    return this.#name;
  }

  /** @internal Gives a layer without a name of its own one that is free in a model. */
  rename(name: string): void {
    if (!this.#named) this.#name = name;
  }

  /** @internal True if the user chose the name. */
  get isNamed(): boolean {
    return this.#named;
  }

  /** Layers that `call` was found to use, in order of first use. */
  get layers(): Layer[] {
    return [...this.#inner.keys()];
  }

  /** Weights in Keras' order: own trainable ones, own state, then those of inner layers. */
  get weights(): Weight[] {
    const own = [...this.#weights.filter((w) => w.trainable), ...this.#weights.filter((w) => !w.trainable)];
    return [...new Set([...own, ...this.layers.flatMap((layer) => layer.weights)])];
  }

  /** Weights that training changes. */
  get trainableWeights(): Weight[] {
    if (!this.trainable) return [];
    const own = this.#weights.filter((w) => w.trainable);
    return [...new Set([...own, ...this.layers.flatMap((layer) => layer.trainableWeights)])];
  }

  /** Number of elements of all weights. */
  countParams(): number {
    return this.weights.reduce((sum, w) => sum + w.shape.reduce((a, b) => a * b, 1), 0);
  }

  /** Copies of all weights, in the order of {@link Layer.weights}. */
  getWeights(): Tensor[] {
    return this.weights.map((w) => w.read());
  }

  /**
   * Replaces all weights.
   * @throws {RidgelineError} `ERR_ARGUMENT` for another number of weights, `ERR_SHAPE` for another shape,
   *   `ERR_NON_FINITE` for NaN or infinity. Nothing is written unless all fit.
   */
  setWeights(values: readonly TensorInput[]): void {
    const weights = this.weights;
    if (!Array.isArray(values) || values.length !== weights.length) {
      throw new RidgelineError(
        'ERR_ARGUMENT',
        `${this.name}.setWeights expects ${weights.length} tensors, received ${Array.isArray(values) ? values.length : show(values)}`,
        { layer: this.name, argument: 'weights' },
      );
    }
    const tensors = weights.map((weight, i) => weight.fit(values[i] as TensorInput));
    weights.forEach((weight, i) => weight.write(tensors[i] as Tensor));
  }

  /**
   * Creates a weight; to be called in `build`.
   * @throws {RidgelineError} `ERR_SHAPE` for unknown or bad sizes, `ERR_MEMORY` when it is too large.
   */
  protected addWeight(name: string, options: WeightOptions): Weight {
    checkOptions('addWeight', options, ['shape', 'initializer', 'regularizer', 'trainable']);
    const shape = options.shape.map((d) => {
      if (d !== null && Number.isSafeInteger(d) && d >= 0) return d;
      throw new RidgelineError(
        'ERR_SHAPE',
        `layer '${this.name}': weight '${name}' needs known sizes, received ${shapeText(options.shape)}`,
        { layer: this.name, argument: name },
      );
    });
    const initializer: Initializer = getInitializer(
      `${name}Initializer`,
      options.initializer ?? 'glorotUniform',
    );
    const variable = guard(() => initializer.create(`${this.name}/${name}`, shape, nextStream()));
    const regularizer = getRegularizer(`${name}Regularizer`, options.regularizer);
    const weight = new Weight(name, shape, variable, options.trainable ?? true, regularizer);
    weight.path = `${this.name}/${name}`;
    this.#weights.push(weight);
    return weight;
  }

  /** Says that `weight` holds `next` after this training step; without effect elsewhere. */
  protected assign(weight: Weight, next: SymbolicTensor): void {
    if (Trace.current?.training) Trace.current.nextState.set(weight, next);
  }

  /** True while the call that is being traced is for training. */
  protected get isTraining(): boolean {
    return Trace.current?.training ?? false;
  }

  /** @internal */
  override invoke(args: unknown[]): unknown {
    const last = args.at(-1);
    const isOptions =
      typeof last === 'object' &&
      last !== null &&
      !Array.isArray(last) &&
      !isTensorLike(last) &&
      !(last instanceof Weight);
    const options = isOptions
      ? checkOptions<CallOptions>(`calling ${this.name}`, last as CallOptions, ['training'])
      : {};
    const inputs = isOptions ? args.slice(0, -1) : args;
    const flat: Operand[] = [];
    const structure = inputs.map((input) => flatten(input, flat, this.name));
    if (flat.length === 0) {
      throw new RidgelineError(
        'ERR_ARGUMENT',
        `layer '${this.name}' expects tensors, received ${inputs.map(show).join(', ') || 'nothing'}`,
        {
          layer: this.name,
          argument: 'inputs',
        },
      );
    }
    let many = false;
    const training = options.training === undefined ? {} : { training: options.training };
    const site = { label: this.name, layer: this, args: inputs, seed: this.randomSeed, ...training };
    const results = dispatch(site, flat, (values) => {
      const trace = Trace.current as Trace;
      const symbols = values.map((value) => trace.value(value));
      const outputs = this.trace(
        trace,
        structure.map((s) => s(symbols)),
        symbols,
        options.training,
      );
      many = Array.isArray(outputs);
      return Array.isArray(outputs) ? outputs : [outputs];
    });
    return many ? results : results[0];
  }

  /** @internal Seed of the random numbers of an immediate call. */
  get randomSeed(): number {
    return 0;
  }

  /** @internal Says where in its model the layer stands; names of weights follow. */
  locate(path: string): void {
    for (const weight of this.#weights) {
      weight.path = `${path}/${weight.name}`;
      weight.variable.rename(weight.path);
    }
    for (const [layer, name] of this.#inner) layer.locate(`${path}/${name}`);
  }

  /** @internal Runs `call` in a trace. */
  trace(trace: Trace, args: unknown[], inputs: SymbolicTensor[], training: boolean | undefined): Outputs {
    const parent = tracing.at(-1);
    const name = parent ? parent.#adopt(this) : this.name;
    tracing.push(this);
    try {
      return trace.within(name, training ?? trace.training, () => {
        if (!this.built) {
          try {
            this.build((inputs[0] as SymbolicTensor).shape);
          } catch (error) {
            // The next call builds again, from nothing.
            this.#weights.length = 0;
            throw error;
          }
          this.built = true;
        }
        if (this.#madeIn && this.#madeIn === parent && this.weights.length > 0) {
          throw new RidgelineError(
            'ERR_ARGUMENT',
            `it was made in call(), which runs for every program: make layers with weights in the constructor or in build()`,
          );
        }
        // The instance's own `call` is the platform's; the class's is found through the prototype.
        const { call } = Object.getPrototypeOf(this) as { call: (...args: unknown[]) => unknown };
        calling.push(this);
        let outputs: Outputs;
        try {
          outputs = call.apply(this, args) as Outputs;
        } finally {
          calling.pop();
        }
        if (this.activityRegularizer) this.#penalize(trace, this.activityRegularizer, outputs);
        return outputs;
      });
    } catch (error) {
      throw this.#located(trace, error);
    } finally {
      tracing.pop();
    }
  }

  /** Notes `layer` as an inner one and returns its name among them. */
  #adopt(layer: Layer): string {
    let name = this.#inner.get(layer);
    if (name === undefined) {
      const taken = new Set(this.#inner.values());
      name = layer.name;
      for (let i = 1; taken.has(name); i++) name = `${layer.name}_${i}`;
      layer.rename(name);
      this.#inner.set(layer, name);
    }
    return name;
  }

  #penalize(trace: Trace, regularizer: Regularizer, outputs: Outputs): void {
    for (const output of Array.isArray(outputs) ? outputs : [outputs]) {
      trace.penalties.push(ops.div(regularizer.call(output), trace.size(output, 0)));
    }
  }

  #located(trace: Trace, error: unknown): unknown {
    if (!(error instanceof RidgelineError) || error.details.layer !== undefined) return error;
    const layer = trace.path ? `${trace.path}/${this.name}` : this.name;
    return new RidgelineError(
      error.code,
      `layer '${layer}': ${error.message}`,
      { ...error.details, layer },
      { cause: error },
    );
  }

  /** Class and config, for `JSON.stringify`. */
  toJSON(): Record<string, unknown> {
    return { className: (this.constructor as typeof Layer).className, config: this.getConfig() };
  }

  /** Class and config, for consoles. */
  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return `${(this.constructor as typeof Layer).className} ${JSON.stringify(this.getConfig())}`;
  }
}

/** Layers that are being built or called, outermost first. */
const tracing: Layer[] = [];
/** Those of them whose `call` is running. */
const calling: Layer[] = [];

/** Collects the tensors of an argument; the result puts traced values in their places. */
function flatten(input: unknown, flat: Operand[], layer: string): (values: SymbolicTensor[]) => unknown {
  if (isTensorLike(input) || input instanceof Weight) {
    const at = flat.push(input) - 1;
    return (values) => values[at];
  }
  if (Array.isArray(input)) {
    const parts = input.map((part) => flatten(part, flat, layer));
    return (values) => parts.map((part) => part(values));
  }
  if (input === undefined) return () => undefined;
  throw new RidgelineError('ERR_ARGUMENT', `layer '${layer}' expects tensors, received ${show(input)}`, {
    layer,
    argument: 'inputs',
    received: input,
  });
}

/** Options of a factory: positional values first, or all in one object. */
export function merge<T extends object>(
  positional: Partial<Record<keyof T, unknown>>,
  rest: object | undefined,
): T {
  const [first] = Object.values(positional);
  if (
    typeof first === 'object' &&
    first !== null &&
    !Array.isArray(first) &&
    rest === undefined &&
    !isTensor(first)
  ) {
    return first as T;
  }
  return { ...positional, ...rest } as T;
}
