/**
 * Initial values whose variance follows from the sizes of a weight, so that signals neither grow nor fade.
 *
 * `fanIn` is the product of all axes but the last, `fanOut` that of the last with those of the receptive field,
 * `fanAvg` their mean.
 */
import { oneOf, positive, type Table } from '../core/options.js';
import { defineInitializer, type InitializerFactory, type SeedOption, seeded } from './initializer.js';

/** Options of {@link varianceScaling}. */
export interface VarianceScalingOptions extends SeedOption {
  /** Variance times the fan. Default 1. */
  readonly scale?: number | undefined;
  /** The fan that the variance is divided by. Default `fanIn`. */
  readonly mode?: 'fanIn' | 'fanOut' | 'fanAvg' | undefined;
  /** Default `truncatedNormal`. */
  readonly distribution?: 'uniform' | 'truncatedNormal' | 'untruncatedNormal' | undefined;
}

const OPTIONS: Table<VarianceScalingOptions> = {
  ...seeded,
  scale: positive(1),
  mode: oneOf(['fanIn', 'fanOut', 'fanAvg'], 'fanIn'),
  distribution: oneOf(['uniform', 'truncatedNormal', 'untruncatedNormal'], 'truncatedNormal'),
};

/**
 * Variance `scale / fan`, by mode and distribution.
 * @throws {RidgelineError} `ERR_ARGUMENT` for bad options.
 */
export const varianceScaling: InitializerFactory<VarianceScalingOptions> = defineInitializer(
  'varianceScaling',
  OPTIONS,
  'varianceScaling',
);

/** Variance scaling with everything but the seed set. */
const scaled = (
  name: string,
  scale: number,
  mode: 'fanIn' | 'fanAvg',
  distribution: 'uniform' | 'truncatedNormal',
): InitializerFactory<SeedOption> =>
  defineInitializer<SeedOption>(name, seeded, 'varianceScaling', () => ({ scale, mode, distribution }));

/** Uniform within ±√(6 / (fanIn + fanOut)) (Glorot & Bengio 2010). */
export const glorotUniform: InitializerFactory<SeedOption> = scaled('glorotUniform', 1, 'fanAvg', 'uniform');
/** Truncated normal of variance 2 / (fanIn + fanOut) (Glorot & Bengio 2010). */
export const glorotNormal: InitializerFactory<SeedOption> = scaled(
  'glorotNormal',
  1,
  'fanAvg',
  'truncatedNormal',
);
/** Uniform within ±√(6 / fanIn) (He et al. 2015). */
export const heUniform: InitializerFactory<SeedOption> = scaled('heUniform', 2, 'fanIn', 'uniform');
/** Truncated normal of variance 2 / fanIn (He et al. 2015). */
export const heNormal: InitializerFactory<SeedOption> = scaled('heNormal', 2, 'fanIn', 'truncatedNormal');
/** Uniform within ±√(3 / fanIn) (LeCun et al. 1998). */
export const lecunUniform: InitializerFactory<SeedOption> = scaled('lecunUniform', 1, 'fanIn', 'uniform');
/** Truncated normal of variance 1 / fanIn (LeCun et al. 1998). */
export const lecunNormal: InitializerFactory<SeedOption> = scaled(
  'lecunNormal',
  1,
  'fanIn',
  'truncatedNormal',
);
