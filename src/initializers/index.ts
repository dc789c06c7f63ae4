/**
 * Initial values of weights, by Keras' formulas.
 */
export type { InitializerIdentifier } from './identifier.js';
export {
  constant,
  glorotNormal,
  glorotUniform,
  heNormal,
  heUniform,
  type Initializer,
  identity,
  lecunNormal,
  lecunUniform,
  ones,
  orthogonal,
  randomNormal,
  randomUniform,
  type SeedOption,
  truncatedNormal,
  varianceScaling,
  zeros,
} from './initializer.js';
