/**
 * Preprocessors by the names under which models save them.
 */
import { resolveReferences } from '../core/custom.js';
import { Registry } from '../core/registry.js';
import { Hashing } from './hashing.js';
import { Preprocessor } from './preprocessor.js';
import { StringLookup } from './string-lookup.js';
import { SubwordTokenizer } from './subword-tokenizer.js';
import { TextVectorization } from './text-vectorization.js';

const registry = new Registry<Preprocessor>({
  noun: 'preprocessor',
  expected: 'a preprocessor',
  factories: Object.fromEntries(
    [Hashing, StringLookup, SubwordTokenizer, TextVectorization].map((of) => [
      of.className,
      (config) => new of(config as never),
    ]),
  ),
  isReady: (of) => of instanceof Preprocessor,
});

/** A saved preprocessor. @throws {RidgelineError} `ERR_ARGUMENT` where it is one of one's own that was not passed. */
export const restorePreprocessor = (of: { name: string; config: object }): Preprocessor =>
  registry.restore({ name: of.name, config: resolveReferences(of.config) as object });
