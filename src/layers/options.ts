/**
 * Options of layers: those of every layer, activations, and how weights begin, what they cost and what holds them.
 *
 * A weight called `kernel` has the options `kernelInitializer`, `kernelRegularizer` and `kernelConstraint`; a table says
 * them together, `kernel: weight('glorotUniform')`, and their values come together as `options.kernel`.
 */
import { type ActivationIdentifier, getActivation, type NamedActivation } from '../activations/identifier.js';
import { type Constraint, FunctionConstraint } from '../constraints/constraint.js';
import { type ConstraintIdentifier, getConstraint } from '../constraints/identifier.js';
import type { Option } from '../core/options.js';
import * as core from '../core/options.js';
import { getInitializer, type InitializerIdentifier } from '../initializers/identifier.js';
import type { Initializer } from '../initializers/initializer.js';
import { getRegularizer, type RegularizerIdentifier } from '../regularizers/identifier.js';
import type { Regularizer } from '../regularizers/regularizer.js';
import { layerName } from './naming.js';

export {
  axes,
  axis,
  boolean,
  fraction,
  integer,
  list,
  nonNegative,
  nullable,
  number,
  option,
  rate,
} from '../core/options.js';

/** Options every layer takes. */
export interface LayerOptions {
  /** Name within the model; by default from the class, numbered. */
  readonly name?: string | undefined;
  /** False to freeze the weights. Default true. */
  readonly trainable?: boolean | undefined;
  /** Penalty on the output, divided by the batch size. */
  readonly activityRegularizer?: RegularizerIdentifier | undefined;
}

/** Options of a weight called `kernel`. */
export interface KernelOptions {
  /** Initial kernel. Default `glorotUniform`. */
  readonly kernelInitializer?: InitializerIdentifier | undefined;
  /** Penalty on the kernel. */
  readonly kernelRegularizer?: RegularizerIdentifier | undefined;
  /** What the kernel is projected to after each step. */
  readonly kernelConstraint?: ConstraintIdentifier | undefined;
}

/** Options of a weight called `bias`. */
export interface BiasOptions {
  /** Initial bias. Default `zeros`. */
  readonly biasInitializer?: InitializerIdentifier | undefined;
  /** Penalty on the bias. */
  readonly biasRegularizer?: RegularizerIdentifier | undefined;
  /** What the bias is projected to after each step. */
  readonly biasConstraint?: ConstraintIdentifier | undefined;
}

/** Options of a learned scale γ and offset β. */
export interface ScaleOptions {
  /** Multiplies by a learned γ. Default true. */
  readonly scale?: boolean | undefined;
  /** Adds a learned β. Default true. */
  readonly center?: boolean | undefined;
  /** Initial γ. Default `ones`. */
  readonly gammaInitializer?: InitializerIdentifier | undefined;
  /** Penalty on γ. */
  readonly gammaRegularizer?: RegularizerIdentifier | undefined;
  /** What γ is projected to after each step. */
  readonly gammaConstraint?: ConstraintIdentifier | undefined;
  /** Initial β. Default `zeros`. */
  readonly betaInitializer?: InitializerIdentifier | undefined;
  /** Penalty on β. */
  readonly betaRegularizer?: RegularizerIdentifier | undefined;
  /** What β is projected to after each step. */
  readonly betaConstraint?: ConstraintIdentifier | undefined;
}

/** Option of layers that draw random numbers. */
export interface RandomOptions {
  /** Number of a random stream of its own. Default none. */
  readonly seed?: number | null | undefined;
}

type Same<A, B> = [A, B] extends [B, A] ? true : false;

/** The checked value of an option that takes `T`. */
type Value<T> =
  Same<T, ActivationIdentifier> extends true
    ? NamedActivation
    : Same<T, InitializerIdentifier> extends true
      ? Initializer
      : Same<T, RegularizerIdentifier> extends true
        ? Regularizer | undefined
        : Same<T, ConstraintIdentifier> extends true
          ? Constraint | undefined
          : core.Value<T>;

type Part = 'initializer' | 'regularizer' | 'constraint';
/** Names of the weights with options: those that say how they begin. */
type Slot<C> = keyof C extends infer K ? (K extends `${infer S}Initializer` ? S : never) : never;
/** What of the weight `S` the interface `C` has options for. */
type PartOf<C, S extends string> = {
  [P in Part]: `${S}${Capitalize<P>}` extends keyof C ? P : never;
}[Part];
type Own<C> = Exclude<keyof C, keyof LayerOptions | `${Slot<C>}${Capitalize<Part>}`>;
type ValueAt<C, K> = K extends keyof C ? Value<Exclude<C[K], undefined>> : never;

type OwnValues<C, K extends keyof C> = { readonly [P in K]-?: ValueAt<C, P> };
type OwnOptions<C, K extends keyof C> = {
  readonly [P in K]-?: Option<ValueAt<C, P>, undefined extends C[P] ? false : true>;
};

/** Checked options of a layer, with defaults filled in; those of a weight together. */
export type Settled<C> = OwnValues<C, Own<C>> & {
  readonly [S in Slot<C>]: {
    readonly [P in PartOf<C, S>]: ValueAt<C, `${S}${Capitalize<P>}`>;
  };
};

/** One declaration for each option of `C`, and one for each weight: its parts are those that `C` has options for. */
export type Table<C> = OwnOptions<C, Own<C>> & {
  readonly [S in Slot<C>]: {
    readonly [P in PartOf<C, S>]: Option<ValueAt<C, `${S}${Capitalize<P>}`>, false>;
  } & { readonly [P in Exclude<Part, PartOf<C, S>>]?: never };
};

/** An activation. */
export const activation = (fallback: ActivationIdentifier = 'linear'): Option<NamedActivation, false> =>
  core.option(readActivation, fallback, saveActivation);

/** An activation that must be given. */
export const givenActivation: Option<NamedActivation, true> = core.option(
  readActivation,
  undefined,
  saveActivation,
);

function readActivation(argument: string, given: unknown): NamedActivation {
  return getActivation(argument, given as ActivationIdentifier);
}

function saveActivation({ name, apply }: NamedActivation): unknown {
  return name ?? apply;
}

/** How a weight begins. */
export const initializer = (fallback: InitializerIdentifier): Option<Initializer, false> =>
  core.option(
    (argument, given) => getInitializer(argument, given as InitializerIdentifier),
    fallback,
    (value) => value.source ?? value.getConfig(),
  );

/** A penalty. One that has no config is saved as a function. */
export const regularizer = (): Option<Regularizer | undefined, false> =>
  core.option(
    (argument, given) => getRegularizer(argument, given as RegularizerIdentifier),
    null,
    (value) => value?.getConfig() ?? value?.source,
  );

/** A projection after each step. */
export const constraint = (): Option<Constraint | undefined, false> =>
  core.option(
    (argument, given) => getConstraint(argument, given as ConstraintIdentifier),
    null,
    (value) => (value instanceof FunctionConstraint ? value.source : value?.getConfig()),
  );

/** Options of a weight. */
export type WeightTable = {
  readonly initializer: Option<Initializer, false>;
  readonly regularizer: Option<Regularizer | undefined, false>;
  readonly constraint: Option<Constraint | undefined, false>;
};

/** How a weight begins, what it costs and what it is projected to. */
export const weight = (fallback: InitializerIdentifier): WeightTable => ({
  initializer: initializer(fallback),
  regularizer: regularizer(),
  constraint: constraint(),
});

/** The table of {@link ScaleOptions}. */
export const scaled: Table<ScaleOptions> = {
  scale: core.boolean(true),
  center: core.boolean(true),
  gamma: weight('ones'),
  beta: weight('zeros'),
};

/** The table of {@link RandomOptions}. */
export const random: Table<RandomOptions> = { seed: core.integer(0, null) };

/** Checked values of {@link LayerOptions}. */
export interface CommonValues {
  readonly name: string | undefined;
  readonly trainable: boolean;
  readonly activityRegularizer: Regularizer | undefined;
}

/** The table of {@link LayerOptions}. */
export const common: { readonly [P in keyof CommonValues]: Option<CommonValues[P], false> } = {
  name: layerName,
  trainable: core.boolean(true),
  activityRegularizer: regularizer(),
};

/** Arguments of a constructor that takes the options `C`, unless its class says others. */
export type Given<C> = Record<never, never> extends C ? [options?: C] : [options: C];
