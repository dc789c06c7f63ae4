/**
 * EinsumDense: a dense layer whose axes are named by an equation of Einstein's summation.
 */
import type { ActivationIdentifier } from '../../activations/identifier.js';
import { MOST_AXES } from '../../core/nested.js';
import { nullable, option } from '../../core/options.js';
import type { Shape, SymbolicTensor } from '../../core/symbolic.js';
import { shapeText } from '../../core/tensor.js';
import type { Weight } from '../../core/weight.js';
import { argumentError, RidgelineError } from '../../errors.js';
import type { Fans } from '../../initializers/initializer.js';
import * as ops from '../../ops/index.js';
import { Layer } from '../layer.js';
import {
  activation,
  type BiasOptions,
  type KernelOptions,
  type LayerOptions,
  type Table,
  weight,
} from '../options.js';

/** Options of {@link EinsumDense}. */
export interface EinsumDenseOptions extends LayerOptions, KernelOptions, BiasOptions {
  /** Activation. Default linear. */
  readonly activation?: ActivationIdentifier | undefined;
  /** Letters of the output's axes that have a bias, such as `'d'`. Default none. */
  readonly biasAxes?: string | null | undefined;
}

/** Config of {@link EinsumDense}. */
export interface EinsumDenseConfig extends EinsumDenseOptions {
  /** Such as `'abc,cd->abd'`: axes of the input, of the kernel and of the output. */
  readonly equation: string;
  /** Sizes of the output without the batch and what `...` stands for; `null` where they are the input's. */
  readonly outputShape: number | readonly (number | null)[];
}

type Given =
  | [equation: string, outputShape: EinsumDenseConfig['outputShape'], options?: EinsumDenseOptions]
  | [config: EinsumDenseConfig];

/** The letters of an equation. */
interface Equation {
  readonly input: string;
  readonly kernel: string;
  readonly output: string;
  /** Where `...` stands, if it does. */
  readonly dots: 'left' | 'right' | undefined;
}

/** Equations as they may be written. */
const FORMS = [
  /^[a-zA-Z]+,[a-zA-Z]+->[a-zA-Z]+$/,
  /^\.{3}[a-zA-Z]+,[a-zA-Z]+->\.{3}[a-zA-Z]+$/,
  /^[a-zA-Z]+\.{3},[a-zA-Z]+->[a-zA-Z]+\.{3}$/,
];

function parsed(argument: string, given: unknown): string {
  if (typeof given === 'string' && FORMS.some((form) => form.test(given))) return given;
  throw argumentError(argument, "an equation such as 'abc,cd->abd' or '...x,xy->...y'", given);
}

function lettersOf(equation: string): Equation {
  const [input, kernel, output] = equation.replaceAll('.', '').split(/,|->/) as [string, string, string];
  const dots = equation.startsWith('...') ? 'left' : equation.includes('...') ? 'right' : undefined;
  return { input, kernel, output, dots };
}

const sizes = option((argument, given): readonly (number | null)[] => {
  const all: unknown[] = Array.isArray(given) ? given : [given];
  if (
    all.length <= MOST_AXES &&
    Array.from(all).every((size) => size === null || (Number.isSafeInteger(size) && (size as number) > 0))
  )
    return all as (number | null)[];
  throw argumentError(argument, 'sizes ≥ 1, or null', given);
}) as never;

/**
 * `activation(einsum(equation, x, kernel) + bias)`. The kernel has an axis for each of its letters, as large as that of the
 * input or of the output with the same letter; variances scale by the axes that are summed over and by the others.
 */
export class EinsumDense extends Layer<EinsumDenseConfig, Given> {
  static override readonly className: string = 'EinsumDense';
  static override readonly takesOne: boolean = true;
  static override readonly options: Table<EinsumDenseConfig> = {
    equation: option(parsed),
    outputShape: sizes,
    activation: activation(),
    biasAxes: nullable(
      option((argument, given): string => {
        if (typeof given === 'string' && /^[a-zA-Z]+$/.test(given)) return given;
        throw argumentError(argument, 'letters of the output', given);
      }, null),
    ),
    kernel: weight('glorotUniform'),
    bias: weight('zeros'),
  };
  #kernel!: Weight;
  #bias: Weight | undefined;

  get #letters(): Equation {
    return lettersOf(this.options.equation);
  }

  /** Sizes by letter: those of the input, and those of the output that are told. */
  #sizes(inputShape: Shape): Map<string, number | null> {
    const { input, output, dots } = this.#letters;
    const told = this.options.outputShape as readonly (number | null)[];
    const elided = inputShape.length - input.length;
    if (elided < 0 || (elided > 0 && !dots)) {
      const message = `equation '${this.options.equation}' names ${input.length} axes, the input is ${shapeText(inputShape)}`;
      throw new RidgelineError('ERR_SHAPE', message, { received: inputShape });
    }
    const first = dots === 'left' ? elided : 0;
    const found = new Map([...input].map((letter, i) => [letter, inputShape[first + i] ?? null]));
    // The batch is not among the sizes that are told, unless dots stand for it.
    const own = [...output].slice(first > 0 ? 0 : 1);
    if (told.length !== own.length)
      throw argumentError('outputShape', `${own.length} sizes for '${this.options.equation}'`, told);
    for (const [i, letter] of own.entries()) {
      const [size, known] = [told[i] ?? null, found.get(letter)];
      if (size !== null && known != null && size !== known)
        throw argumentError('outputShape', `${known} for axis '${letter}'`, size);
      if (known == null) found.set(letter, size);
    }
    return found;
  }

  override build(inputShape: Shape): void {
    const { kernel, bias, biasAxes } = this.options;
    const { kernel: letters, output } = this.#letters;
    const sizes = this.#sizes(inputShape);
    const shape = [...letters].map((letter) => sizes.get(letter) ?? null);
    const product = (is: (letter: string) => boolean): number =>
      [...letters].filter(is).reduce((all, letter) => all * (sizes.get(letter) ?? 1), 1);
    const fans: Fans = [
      product((letter) => !output.includes(letter)),
      product((letter) => output.includes(letter)),
    ];
    this.#kernel = this.addWeight('kernel', { shape, ...kernel, fans });
    if (biasAxes === undefined) return;
    const places = [...biasAxes].map((letter) => output.indexOf(letter));
    // The first is the batch's, unless dots stand for it.
    const own = this.#letters.dots === 'left' ? output : output.slice(1);
    if (![...biasAxes].every((letter) => own.includes(letter)) || new Set(biasAxes).size < biasAxes.length)
      throw argumentError('biasAxes', `different letters of '${own}'`, biasAxes);
    const behind = [...output].slice(Math.min(...places));
    const of = behind.map((letter) => (biasAxes.includes(letter) ? (sizes.get(letter) ?? null) : 1));
    const { dots } = this.#letters;
    const elided = dots === 'right' ? inputShape.length - this.#letters.input.length : 0;
    this.#bias = this.addWeight('bias', { shape: [...of, ...Array(elided).fill(1)], ...bias });
  }

  override call(x: SymbolicTensor): SymbolicTensor {
    return this.options.activation.apply(this.#asLinear(x) ?? this.#einsum(x));
  }

  #einsum(x: SymbolicTensor): SymbolicTensor {
    const { input, kernel, output, dots } = this.#letters;
    const [before, after] = [dots === 'left' ? '...' : '', dots === 'right' ? '...' : ''];
    const equation = `${before}${input}${after},${kernel}->${before}${output}${after}`;
    const y = ops.einsum(equation, x, this.#kernel) as SymbolicTensor;
    return this.#bias ? ops.add(y, this.#bias) : y;
  }

  /** The usual case as one matrix product: the input's last axes are summed over, and the kernel's others follow. */
  #asLinear(x: SymbolicTensor): SymbolicTensor | undefined {
    const { input, kernel, output, dots } = this.#letters;
    const summed = [...input].filter((letter) => !output.includes(letter)).join('');
    const made = kernel.slice(summed.length);
    const leading = input.slice(0, input.length - summed.length);
    const isLinear = summed !== '' && made !== '' && dots !== 'right' && kernel === summed + made;
    if (!isLinear || input !== leading + summed || output !== leading + made) return undefined;
    // A bias of all that is made, or none.
    if (this.#bias && this.options.biasAxes !== made) return undefined;
    const sizes = this.#kernel.shape;
    const [inner, outer] = [sizes.slice(0, summed.length), sizes.slice(summed.length)];
    const size = (of: readonly number[]): number => of.reduce((a, b) => a * b, 1);
    const rows = x.rank - summed.length;
    const flat = summed.length === 1 ? x : ops.reshape(x, [...keep(rows), size(inner)]);
    const matrix = sizes.length === 2 ? this.#kernel : ops.reshape(this.#kernel, [size(inner), size(outer)]);
    const bias = this.#bias && (made.length === 1 ? this.#bias : ops.reshape(this.#bias, [size(outer)]));
    const y = ops.linear(flat, matrix as SymbolicTensor, bias as SymbolicTensor | undefined);
    return made.length === 1 ? y : ops.reshape(y, [...keep(rows), ...outer]);
  }
}

/** So many axes as they are. */
const keep = (axes: number): null[] => Array.from({ length: axes }, () => null);

/**
 * A dense layer by an equation.
 *
 * @param equation - Axes of the input, of the kernel and of the output.
 * @param outputShape - Sizes of the output without the batch; `null` where they are the input's.
 * @example
 * ```ts
 * layers.einsumDense('abc,cde->abde', [null, 8, 16], { biasAxes: 'de' });
 * ```
 * @throws {RidgelineError} `ERR_ARGUMENT` for bad options.
 */
export function einsumDense(
  equation: string,
  outputShape: EinsumDenseConfig['outputShape'],
  options?: EinsumDenseOptions,
): EinsumDense;
export function einsumDense(config: EinsumDenseConfig): EinsumDense;
export function einsumDense(...given: unknown[]): EinsumDense {
  return new EinsumDense(...(given as Given));
}
