/**
 * Steps before a model, outside its graph: strings to numbers. {@link Model.preprocessing} saves them beside it.
 */
export { Hashing, type HashingConfig, type HashingOptions, hashing } from './hashing.js';
export type { Items } from './items.js';
export { Preprocessor, type Step } from './preprocessor.js';
export { StringLookup, type StringLookupOptions, stringLookup } from './string-lookup.js';
export {
  SubwordTokenizer,
  type SubwordTokenizerOptions,
  subwordTokenizer,
} from './subword-tokenizer.js';
export {
  type Split,
  type Standardize,
  TextVectorization,
  type TextVectorizationOptions,
  textVectorization,
} from './text-vectorization.js';
