/**
 * Lambda: a function of ops as a layer.
 */
import { option } from '../../core/options.js';
import { isClass } from '../../core/registry.js';
import type { SymbolicTensor } from '../../core/symbolic.js';
import type { Tensor } from '../../core/tensor.js';
import { argumentError } from '../../errors.js';
import type { GivesOne } from '../gives.js';
import { Layer } from '../layer.js';
import type { LayerOptions, Table } from '../options.js';

/** A function of a tensor, or of a list of them. */
// biome-ignore lint/suspicious/noExplicitAny: it says what it takes, one tensor or several.
export type LambdaFunction = (inputs: any) => SymbolicTensor | Tensor | SymbolicTensor[];

/** Config of {@link Lambda}. */
export interface LambdaConfig extends LayerOptions {
  /** What the layer computes, with ops. */
  readonly function: LambdaFunction;
}

type Given = [of: LambdaFunction, options?: LayerOptions] | [config: LambdaConfig];

/**
 * Applies a function of ops, which has no weights. It is saved by its name: `loadModel(path, { custom: { name } })`. What
 * has weights or options is a {@link Layer} of its own.
 */
export class Lambda extends Layer<LambdaConfig, Given> {
  static override readonly className: string = 'Lambda';
  static override readonly options: Table<LambdaConfig> = {
    function: option((argument, given): LambdaFunction => {
      if (typeof given === 'function' && !isClass(given)) return given as LambdaFunction;
      throw argumentError(argument, 'a function of tensors', given);
    }),
  };

  override call(inputs: SymbolicTensor | readonly SymbolicTensor[]): SymbolicTensor | SymbolicTensor[] {
    return this.options.function(inputs) as SymbolicTensor | SymbolicTensor[];
  }
}

/**
 * A function of ops as a layer.
 *
 * @example
 * ```ts
 * layers.lambda((x: SymbolicTensor) => ops.square(x));
 * ```
 * @throws {RidgelineError} `ERR_ARGUMENT` for anything but a function, or bad options.
 */
export function lambda(
  // biome-ignore lint/suspicious/noExplicitAny: it says what it takes, one tensor or several.
  of: (inputs: any) => SymbolicTensor | Tensor,
  options?: LayerOptions,
): GivesOne<Lambda, [inputs: SymbolicTensor | readonly SymbolicTensor[]]>;
export function lambda(of: LambdaFunction, options?: LayerOptions): Lambda;
export function lambda(config: LambdaConfig): Lambda;
export function lambda(...given: unknown[]): Lambda {
  return new Lambda(...(given as Given));
}
