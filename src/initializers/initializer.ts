/**
 * Initial values of weights, by Keras' formulas. The numbers are drawn in the native core.
 */
import { camel, options as checkOptions, integer, nonNegative, number, unknownName } from '../core/check.js';
import { type NativeVariable, native } from '../native.js';

/** Draws the initial values of a weight. */
export interface Initializer {
  /** Kind and parameters, for saving. */
  getConfig(): Record<string, unknown> & { name: string };
  /** @internal Memory with initial values. */
  create(name: string, shape: number[], stream: { seed: number; stream: number }): NativeVariable;
}

/** A seed of its own; the same seed gives the same values for every weight of one shape. */
export interface SeedOption {
  readonly seed?: number | undefined;
}

function make(
  name: string,
  kind: string,
  parameters: Record<string, unknown>,
  own: Record<string, unknown>,
): Initializer {
  const { seed } = own as SeedOption;
  if (seed !== undefined) integer('seed', seed, 0);
  return {
    getConfig: () => ({ name, ...own }),
    create(path, shape, stream) {
      const at = seed === undefined ? stream : { seed, stream: 0 };
      return native.NativeVariable.initialized(
        path,
        shape,
        kind,
        JSON.stringify(parameters),
        at.seed,
        at.stream,
      );
    },
  };
}

type Scaling = {
  scale: number;
  mode: 'fanIn' | 'fanOut' | 'fanAvg';
  distribution: 'uniform' | 'truncatedNormal' | 'untruncatedNormal';
};

function scaled(name: string, scaling: Scaling, given: SeedOption | undefined): Initializer {
  return make(
    name,
    'varianceScaling',
    scaling,
    checkOptions(name, given, ['seed']) as Record<string, unknown>,
  );
}

/** All zeros. */
export const zeros = (): Initializer => make('zeros', 'constant', { value: 0 }, {});
/** All ones. */
export const ones = (): Initializer => make('ones', 'constant', { value: 1 }, {});
/** All `value`. Default 0. */
export function constant(options: { readonly value?: number | undefined } | number = {}): Initializer {
  const given =
    typeof options === 'number' ? { value: options } : checkOptions('constant', options, ['value']);
  const value = number('value', given.value ?? 0);
  return make('constant', 'constant', { value }, { value });
}
/** Uniform in [minval, maxval). Default ±0.05. */
export function randomUniform(
  options: { readonly minval?: number; readonly maxval?: number } & SeedOption = {},
): Initializer {
  checkOptions('randomUniform', options, ['minval', 'maxval', 'seed']);
  const parameters = {
    minval: number('minval', options.minval ?? -0.05),
    maxval: number('maxval', options.maxval ?? 0.05),
  };
  return make('randomUniform', 'randomUniform', parameters, { ...options });
}
function normal(
  name: 'randomNormal' | 'truncatedNormal',
  options: { mean?: number; stddev?: number } & SeedOption,
): Initializer {
  checkOptions(name, options, ['mean', 'stddev', 'seed']);
  const parameters = {
    mean: number('mean', options.mean ?? 0),
    stddev: nonNegative('stddev', options.stddev ?? 0.05),
  };
  return make(name, name, parameters, { ...options });
}
/** Normal. Default mean 0, stddev 0.05. */
export const randomNormal = (
  options: { readonly mean?: number; readonly stddev?: number } & SeedOption = {},
): Initializer => normal('randomNormal', options);
/** Normal, redrawn beyond two standard deviations. Default mean 0, stddev 0.05. */
export const truncatedNormal = (
  options: { readonly mean?: number; readonly stddev?: number } & SeedOption = {},
): Initializer => normal('truncatedNormal', options);
/** Uniform within ±√(6 / (fanIn + fanOut)) (Glorot & Bengio 2010). */
export const glorotUniform = (options?: SeedOption): Initializer =>
  scaled('glorotUniform', { scale: 1, mode: 'fanAvg', distribution: 'uniform' }, options);
/** Truncated normal of variance 2 / (fanIn + fanOut) (Glorot & Bengio 2010). */
export const glorotNormal = (options?: SeedOption): Initializer =>
  scaled('glorotNormal', { scale: 1, mode: 'fanAvg', distribution: 'truncatedNormal' }, options);
/** Uniform within ±√(6 / fanIn) (He et al. 2015). */
export const heUniform = (options?: SeedOption): Initializer =>
  scaled('heUniform', { scale: 2, mode: 'fanIn', distribution: 'uniform' }, options);
/** Truncated normal of variance 2 / fanIn (He et al. 2015). */
export const heNormal = (options?: SeedOption): Initializer =>
  scaled('heNormal', { scale: 2, mode: 'fanIn', distribution: 'truncatedNormal' }, options);
/** Uniform within ±√(3 / fanIn) (LeCun et al. 1998). */
export const lecunUniform = (options?: SeedOption): Initializer =>
  scaled('lecunUniform', { scale: 1, mode: 'fanIn', distribution: 'uniform' }, options);
/** Truncated normal of variance 1 / fanIn (LeCun et al. 1998). */
export const lecunNormal = (options?: SeedOption): Initializer =>
  scaled('lecunNormal', { scale: 1, mode: 'fanIn', distribution: 'truncatedNormal' }, options);
/** Variance `scale / fan`, by mode and distribution. Default scale 1, fanIn, truncatedNormal. */
export function varianceScaling(options: Partial<Scaling> & SeedOption = {}): Initializer {
  checkOptions('varianceScaling', options, ['scale', 'mode', 'distribution', 'seed']);
  const { scale = 1, mode = 'fanIn', distribution = 'truncatedNormal' } = options;
  number('scale', scale, 'a number > 0', (n) => n > 0);
  const oneOf = (argument: string, names: readonly string[], value: string): string => {
    if (names.includes(camel(value))) return camel(value);
    throw unknownName(argument, names, value);
  };
  const parameters = {
    scale,
    mode: oneOf('mode', ['fanIn', 'fanOut', 'fanAvg'], mode),
    distribution: oneOf('distribution', ['uniform', 'truncatedNormal', 'untruncatedNormal'], distribution),
  };
  return make('varianceScaling', 'varianceScaling', parameters, { ...options });
}
/** A random orthogonal matrix times `gain` (Saxe et al. 2014); axes before the last are merged. Default gain 1. */
export function orthogonal(options: { readonly gain?: number | undefined } & SeedOption = {}): Initializer {
  checkOptions('orthogonal', options, ['gain', 'seed']);
  return make('orthogonal', 'orthogonal', { gain: number('gain', options.gain ?? 1) }, { ...options });
}
/** The identity matrix times `gain`. Default gain 1. */
export function identity(options: { readonly gain?: number | undefined } = {}): Initializer {
  checkOptions('identity', options, ['gain']);
  return make('identity', 'identity', { gain: number('gain', options.gain ?? 1) }, { ...options });
}
