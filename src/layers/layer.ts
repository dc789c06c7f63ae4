/**
 * The base of all layers: options, building, inner layers, and being called.
 */
import { dispatch } from '../core/apply.js';
import { options as checkOptions } from '../core/check.js';
import { snake } from '../core/names.js';
import { collect, type OptionTable, optionNames, read, save } from '../core/options.js';
import { safely } from '../core/show.js';
import { type Shape, SymbolicTensor } from '../core/symbolic.js';
import { Trace } from '../core/trace.js';
import { noteName, UniqueNames } from '../core/unique-names.js';
import { argumentError, inLayer } from '../errors.js';
import { getRegularizer, type RegularizerIdentifier } from '../regularizers/identifier.js';
import { activityPenalty, type Regularizer } from '../regularizers/regularizer.js';
import {
  type Arguments,
  type CallOptionKinds,
  type CallOptions,
  type Concrete,
  type ConcreteArguments,
  checkBuilt,
  checkOutputs,
  inOneList,
  notOneTensor,
  type Outputs,
  parseCall,
} from './arguments.js';
import { ForgottenMasks, type Masks, masked, withMasks } from './masks.js';
import { factoryName, nameAmong } from './naming.js';
import { type CommonValues, common, type Given, type LayerOptions, type Settled } from './options.js';
import { Recorded } from './recorded.js';
import type { WeightOptions } from './weights.js';

export type { CallOptions, Given, LayerOptions, WeightOptions };

/** A layer can be called on tensors, symbolic or concrete, with options last. */
// biome-ignore lint/correctness/noUnusedVariables: interface and class have the same parameters.
export interface Layer<C extends object = LayerOptions, A extends unknown[] = Given<C>> {
  /** Applies the layer. */
  (...inputs: Arguments<Parameters<this['call']>>): ReturnType<this['call']>;
  /** Applies the layer to concrete tensors at once. */
  (...inputs: ConcreteArguments<Parameters<this['call']>>): Concrete<ReturnType<this['call']>>;
}

/**
 * A layer: weights, and what it does with its inputs.
 *
 * Subclasses say `call`, and `build` if they have weights of their own. `call` may run several times, so it
 * must be free of side effects and make no layers with weights. Inner layers are found when `call` uses them, in any
 * field, private or not. `this.isTraining` says what Keras passes to `call` as `training`.
 *
 * `C` are the options and `A` the constructor's arguments; a class that states its options in a table gets them
 * checked, as `this.options`, saved and restored.
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
export abstract class Layer<
  C extends object = LayerOptions,
  A extends unknown[] = Given<C>,
> extends Recorded {
  /** Name under which models save and restore the class. */
  static readonly className: string = 'Layer';
  /** Its options, besides those of every layer. A class without a table checks those of its constructor by itself. */
  static readonly options: OptionTable | undefined = undefined;

  /** True where `call` takes one tensor and no list. */
  static readonly takesOne: boolean = false;

  /** @internal False where the activity regularizer is for layers inside. */
  static readonly regularizesOutputs: boolean = true;
  /** True where what it gives has the mask of its first input; see {@link SymbolicTensor.mask}. Default false. */
  static readonly supportsMasking: boolean = false;

  /** Options that a call takes besides those of every layer; `call` gets them in an object, last. */
  static readonly callOptions: CallOptionKinds = {};

  /** Checked options, with defaults filled in. */
  readonly options: Settled<C>;
  /** Penalty on what the layer gives, divided by the batch size. */
  get activityRegularizer(): Regularizer | undefined {
    return this.#activityRegularizer;
  }
  set activityRegularizer(of: RegularizerIdentifier | undefined) {
    this.#activityRegularizer = getRegularizer('activityRegularizer', of);
  }
  #activityRegularizer: Regularizer | undefined;
  /** True once the layer has its weights. */
  built = false;
  /** @internal How many layers were made before. */
  readonly creationIndex = count++;
  /** @internal True if the user chose the name. */
  isNamed: boolean;
  /** @internal True if it has its name from a model or a layer around it. */
  isPlaced = false;
  #name: string | undefined;
  readonly #forgotten = new ForgottenMasks();
  readonly #inner = new Map<Layer, string>();

  /** @throws {RidgelineError} `ERR_ARGUMENT` for bad options. */
  constructor(...given: A) {
    const { className, options: table } = new.target;
    if (typeof className !== 'string') throw argumentError('static className', 'a string', className);
    const config = collect(`config of ${className}`, table ?? {}, given);
    const { name, trainable, activityRegularizer } = read<CommonValues>(common, config);
    super(trainable);
    this.#name = name;
    this.isNamed = name !== undefined;
    this.#activityRegularizer = activityRegularizer;
    if (table) checkOptions(factoryName(className), config, [...optionNames(common), ...optionNames(table)]);
    this.options = read(table ?? {}, config);
    // Called by hand, it builds once too.
    const value = (inputShape: Shape): void => this.buildByHand(inputShape);
    Object.defineProperty(this, 'build', { value, configurable: true, writable: true });
  }

  /** What the layer computes, from symbolic tensors. */
  // biome-ignore lint/suspicious/noExplicitAny: subclasses say what they take; only `any` lets every one be a Layer.
  abstract call(...inputs: any[]): any;

  /**
   * Which steps of its first output count, from its inputs and the options of the call, where the class has some, or of each
   * output in a list; `undefined` for all. Default: the mask of the first input where the class says `supportsMasking`.
   */
  computeMask(inputs: readonly SymbolicTensor[], _options?: object): Masks {
    return this.#class.supportsMasking ? inputs[0]?.mask : undefined;
  }

  /** Creates the weights, once, from the shape of the first input. */
  build(_inputShape: Shape): void {}

  /** @internal `build` as everyone but the layer itself sees it. */
  protected buildByHand(inputShape: Shape): void {
    const isSize = (d: unknown): boolean => d === null || (Number.isSafeInteger(d) && (d as number) >= 0);
    if (!Array.isArray(inputShape) || !Array.from(inputShape).every(isSize))
      throw argumentError('inputShape', 'a list of sizes and null', inputShape);
    this.#ready(inputShape);
  }

  get #class(): typeof Layer {
    return this.constructor as typeof Layer;
  }

  /** Options that make an equal layer: `new Class(layer.getConfig())`. */
  getConfig(): Record<string, unknown> {
    return {
      name: this.name,
      ...(this.trainable ? {} : { trainable: false }),
      ...save(this.#class.options ?? {}, this.options),
      activityRegularizer: common.activityRegularizer.save(this.activityRegularizer),
    };
  }

  /** Name within the model. */
  override get name(): string {
    this.#name ??= snake(this.#class.className);
    return this.#name;
  }

  /** @internal Gives a layer without a name of its own one that is free in a model. */
  rename(name: string): void {
    if (!this.isNamed) this.#name = name;
    this.isPlaced = true;
    noteName(name);
  }

  /** Layers that `call` was found to use, in order of first use; those that this one made, as it made them. */
  override get layers(): Layer[] {
    return this.namedLayers().map(([layer]) => layer);
  }

  /** @internal */
  override namedLayers(): (readonly [layer: Layer, name: string])[] {
    const order = (layer: Layer): number => Math.max(layer.creationIndex, this.creationIndex);
    return [...this.#inner].sort(([a], [b]) => order(a) - order(b));
  }

  /** @internal */
  override invoke(args: unknown[]): unknown {
    const call = parseCall(this.name, args, this.#class.callOptions);
    const { inputs, training, options, tensors } = call;
    let many = false;
    const flag = training === undefined ? {} : { training };
    const site = { label: this.name, layer: this, args: inputs, options, seed: this.randomSeed, ...flag };
    const results = dispatch(site, tensors, (values) => {
      const trace = Trace.running;
      const symbols = values.map((value) => trace.value(value));
      const { mask, ...others } = call.placeOptions(symbols);
      if (mask) symbols[0] = masked(symbols[0] as SymbolicTensor, mask);
      const outputs = this.trace(trace, [...call.place(symbols), others], symbols, training);
      many = Array.isArray(outputs);
      return Array.isArray(outputs) ? outputs : [outputs];
    });
    const [first] = results;
    if (first instanceof SymbolicTensor && first.call) this.record(first.call);
    return many ? results : first;
  }

  /** @internal Seed of the random numbers of an immediate call. */
  get randomSeed(): number {
    return 0;
  }

  /** @internal Runs `call` in a trace; `args` end with an object of options. */
  trace(trace: Trace, args: unknown[], inputs: SymbolicTensor[], training: boolean | undefined): Outputs {
    const parent = tracing.at(-1);
    const name = parent ? parent.#adopt(this) : this.name;
    tracing.push(this);
    try {
      return trace.within(name, training ?? trace.training, () => {
        const given = args.slice(0, -1);
        if (this.#class.takesOne && !(given.length === 1 && given[0] instanceof SymbolicTensor))
          throw notOneTensor(given, this.#class.callOptions);
        this.#ready((inputs[0] as SymbolicTensor).shape);
        if (parent) this.checkMade(parent);
        const options = args.at(-1) as object;
        // They stand behind all parameters that are tensors.
        const takesOptions = Object.keys(this.#class.callOptions).length > 0;
        const computed = inOneList(this, this.computed(given, takesOptions ? [options] : []));
        checkOutputs(computed, trace);
        const outputs = this.#masked(computed, inputs, options);
        const penalty = this.#class.regularizesOutputs ? this.activityRegularizer : undefined;
        if (penalty) for (const y of [outputs].flat()) trace.penalties.push(activityPenalty(penalty, y));
        return outputs;
      });
    } catch (error) {
      throw inLayer(error, trace.path ? `${trace.path}/${this.name}` : this.name);
    } finally {
      tracing.pop();
    }
  }

  /** Builds the layer, once. */
  #ready(inputShape: Shape): void {
    if (this.built) return;
    try {
      // The instance's own is the one to call by hand.
      checkBuilt(Object.getPrototypeOf(this).build.call(this, inputShape));
    } catch (error) {
      // The next call builds again, from nothing.
      this.forgetWeights();
      throw error;
    }
    this.built = true;
  }

  /** What the layer gives with its masks. */
  #masked(outputs: Outputs, inputs: readonly SymbolicTensor[], options: object): Outputs {
    const masks = this.computeMask(inputs, options);
    const isMeant = this.#class.supportsMasking || this.computeMask !== Layer.prototype.computeMask;
    // What an inner layer gave may carry it by itself.
    const isThere = [outputs].flat().some((y) => y.mask);
    if (!masks && !isMeant && !isThere)
      this.#forgotten.tell(inputs, `'${this.name}' (${this.#class.className})`);
    return masks ? withMasks(outputs, masks) : outputs;
  }

  /** Notes `layer` as an inner one and returns its name among them. */
  #adopt(layer: Layer): string {
    const known = this.#inner.get(layer);
    if (known !== undefined) return known;
    if (layer === this || layer.holds(this))
      throw argumentError(`layer inside '${this.name}'`, 'another one, which is not around it', layer.name);
    const name = nameAmong(layer, new UniqueNames(this.#inner.values()));
    layer.rename(name);
    this.#inner.set(layer, name);
    this.found(layer);
    return name;
  }

  /** Class and config, for `JSON.stringify`. */
  toJSON(): { className: string; config: Record<string, unknown> } {
    return { className: this.#class.className, config: this.getConfig() };
  }

  /** Class and config, for consoles. */
  [Symbol.for('nodejs.util.inspect.custom')](): string {
    const { className } = this.#class;
    // A config of one's own may hold anything.
    return safely(() => `${className} ${JSON.stringify(this.getConfig())}`, `${className} '${this.name}'`);
  }
}

/** Layers that were made. */
let count = 0;
/** Layers that are being built or called, outermost first. */
const tracing: Layer[] = [];
