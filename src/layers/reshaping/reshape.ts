/**
 * Reshape: each sample in another shape.
 */
import type { SymbolicTensor } from '../../core/symbolic.js';
import { argumentError } from '../../errors.js';
import * as ops from '../../ops/index.js';
import { Layer } from '../layer.js';
import { type LayerOptions, option, type Table } from '../options.js';

/** Config of {@link Reshape}. */
export interface ReshapeConfig extends LayerOptions {
  /** Sizes behind the batch; one may be −1. */
  readonly targetShape: readonly number[];
}

type Given = [targetShape: readonly number[], options?: LayerOptions] | [config: ReshapeConfig];

function readShape(argument: string, given: unknown): readonly number[] {
  const fits = (size: number): boolean => Number.isInteger(size) && (size === -1 || size > 0);
  if (Array.isArray(given) && given.every(fits) && given.filter((size) => size === -1).length <= 1)
    return [...given];
  throw argumentError(argument, 'a list of sizes, one of which may be -1', given);
}

/** Gives each sample another shape with as many elements: output `[batch, …targetShape]`. */
export class Reshape extends Layer<ReshapeConfig, Given> {
  static override readonly className: string = 'Reshape';
  static override readonly takesOne: boolean = true;
  static override readonly options: Table<ReshapeConfig> = { targetShape: option(readShape) };

  override call(x: SymbolicTensor): SymbolicTensor {
    return ops.reshape(x, [null, ...this.options.targetShape]);
  }
}

/**
 * A reshape layer.
 * @param targetShape - Sizes behind the batch; one may be −1.
 * @throws {RidgelineError} `ERR_ARGUMENT` for bad sizes.
 */
export function reshape(targetShape: readonly number[], options?: LayerOptions): Reshape;
export function reshape(config: ReshapeConfig): Reshape;
export function reshape(...given: unknown[]): Reshape {
  return new Reshape(...(given as Given));
}
