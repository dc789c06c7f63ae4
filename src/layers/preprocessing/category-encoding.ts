/**
 * Category encoding: numbers of categories as vectors.
 */
import { oneOf } from '../../core/options.js';
import type { SymbolicTensor } from '../../core/symbolic.js';
import { argumentError } from '../../errors.js';
import * as ops from '../../ops/index.js';
import { Layer } from '../layer.js';
import { integer, type LayerOptions, type Table } from '../options.js';
import { type Encoding, encoded } from './encoding.js';

/** Options of {@link CategoryEncoding}. */
export interface CategoryEncodingOptions extends LayerOptions {
  /**
   * `'oneHot'`: a vector for each number; `'multiHot'`: one for a sample, with 1 for each category that occurs; `'count'`:
   * one that says how often. Default `'multiHot'`.
   */
  readonly outputMode?: Encoding | undefined;
}

/** Config of {@link CategoryEncoding}. */
export interface CategoryEncodingConfig extends CategoryEncodingOptions {
  /** Number of categories, and size of the vectors. */
  readonly numTokens: number;
}

type Given = [numTokens: number, options?: CategoryEncodingOptions] | [config: CategoryEncodingConfig];

/**
 * Category numbers `[batch, …, n]` as vectors: `[batch, …, n, numTokens]` one for each (`[batch, …, numTokens]` where n is 1, as
 * in Keras), or `[batch, …, numTokens]` for each sample. Numbers outside `[0, numTokens)` are in none. A second input weighs
 * what is counted, with `outputMode: 'count'`.
 */
export class CategoryEncoding extends Layer<CategoryEncodingConfig, Given> {
  static override readonly className: string = 'CategoryEncoding';
  static override readonly options: Table<CategoryEncodingConfig> = {
    numTokens: integer(1),
    outputMode: oneOf(['oneHot', 'multiHot', 'count'], 'multiHot'),
  };

  override call(x: SymbolicTensor, countWeights?: SymbolicTensor): SymbolicTensor {
    const { numTokens, outputMode } = this.options;
    if (countWeights && outputMode !== 'count')
      throw argumentError('countWeights', "left out unless outputMode is 'count'", countWeights);
    return encoded(ops.cast(x, 'int32'), numTokens, outputMode, countWeights);
  }
}

/**
 * A category encoding layer.
 * @param numTokens - Number of categories.
 * @throws {RidgelineError} `ERR_ARGUMENT` for bad options.
 */
export function categoryEncoding(numTokens: number, options?: CategoryEncodingOptions): CategoryEncoding;
export function categoryEncoding(config: CategoryEncodingConfig): CategoryEncoding;
export function categoryEncoding(...given: unknown[]): CategoryEncoding {
  return new CategoryEncoding(...(given as Given));
}
