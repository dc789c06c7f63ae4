/**
 * Arguments of a layer's call: tensors in any structure of lists, and options last.
 */
import { boolean, options as checkOptions, isThenable } from '../core/check.js';
import { isSized, type Operand } from '../core/operand.js';
import { SymbolicTensor } from '../core/symbolic.js';
import type { Tensor } from '../core/tensor.js';
import type { Trace } from '../core/trace.js';
import { argumentError, RidgelineError, show } from '../errors.js';

/** Options of a call. */
export interface CallOptions {
  /** True for training behaviour, such as dropout. Default: that of the surrounding call, else false. */
  readonly training?: boolean | undefined;
  /**
   * Which steps of the first input count, bool `[batch, time, …]`. Default: what that input's layer said, such as
   * `embedding` with `maskZero`.
   */
  readonly mask?: SymbolicTensor | Tensor | null | undefined;
  /** @hidden No tensor is options, though it may have a mask. */
  readonly shape?: never;
}

/** Options of calls by name: a boolean, or a tensor or tensors. */
export type CallOptionKinds = Readonly<Record<string, 'flag' | 'tensors'>>;

/** A tensor or tensors that a layer gives. */
export type Outputs = SymbolicTensor | SymbolicTensor[];

/** Arguments of a call: those of the class's `call`, and options last. */
export type Arguments<P extends unknown[]> = [...P, options?: CallOptions];

/** A symbolic argument, or what is given for it, with concrete tensors in its place. */
export type Concrete<T> = T extends SymbolicTensor
  ? Tensor
  : T extends readonly unknown[] | CallOptions
    ? { [I in keyof T]: Concrete<T[I]> }
    : T;

/** Arguments of a call on concrete tensors. */
export type ConcreteArguments<P extends unknown[]> = Arguments<{ [I in keyof P]: Concrete<P[I]> }>;

/** Lists in each other that tensors may stand in. */
const LEVELS = 8;

/** A call's arguments, taken apart. */
interface Parsed {
  /** The arguments without options. */
  readonly inputs: readonly unknown[];
  /** The training flag, if it was given. */
  readonly training: boolean | undefined;
  /** The other options. */
  readonly options: Readonly<Record<string, unknown>>;
  /** All tensors among inputs and options. */
  readonly tensors: readonly Operand[];
  /** The inputs with traced values in the places of the tensors. */
  place(values: readonly SymbolicTensor[]): unknown[];
  /** The other options with traced values in the places of the tensors. */
  placeOptions(values: readonly SymbolicTensor[]): Record<string, unknown>;
}

/**
 * Takes the arguments of a call of the layer called `layer` apart.
 * @param kinds - Options that its class takes besides those of every call.
 * @throws {RidgelineError} `ERR_ARGUMENT` for unknown options, something that is no tensor, or no tensors at all.
 */
export function parseCall(layer: string, args: readonly unknown[], kinds: CallOptionKinds): Parsed {
  if (!Array.isArray(args)) throw argumentError(`arguments of layer '${layer}'`, 'a list', args);
  const last = args.at(-1);
  const isOptions = typeof last === 'object' && last !== null && !Array.isArray(last) && !isSized(last);
  const given = isOptions
    ? checkOptions<CallOptions>(`calling ${layer}`, last as CallOptions, [
        'training',
        'mask',
        ...Object.keys(kinds),
      ])
    : {};
  const { training, ...others } = given;
  if (training !== undefined) boolean('training', training);
  const inputs = isOptions ? args.slice(0, -1) : args;
  const tensors: Operand[] = [];
  const structure = inputs.map((input) => flatten(input, tensors, layer));
  if (tensors.length === 0) {
    const received = inputs.map(show).join(', ') || 'nothing';
    throw new RidgelineError('ERR_ARGUMENT', `layer '${layer}' expects tensors, received ${received}`, {
      layer,
      argument: 'inputs',
    });
  }
  const options = Object.fromEntries(Object.entries(others).filter(([, value]) => value != null));
  const placed = Object.entries(options).map(([name, value]) => {
    if (kinds[name] === 'flag') boolean(name, value);
    const put = kinds[name] === 'flag' ? () => value : flatten(value, tensors, layer, 0, name);
    return [name, put] as const;
  });
  return {
    inputs,
    training,
    options,
    tensors,
    place: (values) => structure.map((put) => put(values)),
    placeOptions: (values) => Object.fromEntries(placed.map(([name, put]) => [name, put(values)])),
  };
}

/** Collects the tensors of an argument; the result puts traced values in their places. */
function flatten(
  input: unknown,
  tensors: Operand[],
  layer: string,
  level = 0,
  argument = 'inputs',
): (values: readonly SymbolicTensor[]) => unknown {
  if (isSized(input)) {
    const at = tensors.push(input) - 1;
    return (values) => values[at];
  }
  if (Array.isArray(input) && level < LEVELS) {
    const parts = Array.from(input, (part) => flatten(part, tensors, layer, level + 1, argument));
    return (values) => parts.map((part) => part(values));
  }
  if (input === undefined || input === null) return () => undefined;
  const what = argument === 'inputs' ? 'tensors' : `tensors for ${argument}`;
  throw new RidgelineError('ERR_ARGUMENT', `layer '${layer}' expects ${what}, received ${show(input)}`, {
    layer,
    argument,
    received: input,
  });
}

/** What is wrong with the inputs of a layer that takes one tensor. */
export function notOneTensor(given: readonly unknown[], options: CallOptionKinds): RidgelineError {
  const names = Object.keys(options).join(', ');
  const one = names ? `one tensor, with ${names} in an object behind it` : 'one tensor';
  return argumentError('inputs', one, given.length === 1 ? given[0] : given);
}

/** @throws {RidgelineError} `ERR_ARGUMENT` for a promise: nobody would wait for the weights. */
export function checkBuilt(result: unknown): void {
  if (!isThenable(result)) return;
  result.then(undefined, () => {});
  throw argumentError('what build() gives', 'nothing, without async', result);
}

/** What `call` gave; a cell may have its states in a list of their own, as in Keras. */
export const inOneList = (layer: object, given: unknown): unknown =>
  'stateSize' in layer && Array.isArray(given) ? given.flat() : given;

/** @throws {RidgelineError} `ERR_ARGUMENT` for what is no symbolic tensor of `trace`, or a list of them. */
export function checkOutputs(outputs: unknown, trace: Trace): asserts outputs is Outputs {
  // Holes are nothing to `every`.
  const all: unknown[] = Array.isArray(outputs) ? Array.from(outputs) : [outputs];
  const fits = (y: unknown): boolean => y instanceof SymbolicTensor && y.traced?.trace === trace;
  if (all.length === 0 || !all.every(fits))
    throw argumentError(
      'what call() gives',
      all.some(Array.isArray)
        ? 'symbolic tensors in one list, those of a cell [output, ...states]'
        : 'a symbolic tensor that it computes, or a list of them',
      outputs,
    );
}
