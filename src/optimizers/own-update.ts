/**
 * Updates of one's own: what an optimizer class whose `update` is a function of ops does to one weight.
 */
import { isName, isPlain } from '../core/check.js';
import type { SymbolicTensor } from '../core/symbolic.js';
import { alike, traced } from '../core/traced.js';
import type { Weight } from '../core/weight.js';
import { argumentError, within } from '../errors.js';
import { guard, type NativeTraced, type NativeVariable, native } from '../native.js';

/** What an update of one weight goes by. */
export interface UpdateArguments {
  /** The weight, once it has decayed. */
  readonly weight: SymbolicTensor;
  /** Its gradient, with penalties and within its bounds; of the weight's shape. */
  readonly gradient: SymbolicTensor;
  /** What the last update kept, by name. */
  readonly state: Readonly<Record<string, SymbolicTensor>>;
  /** The learning rate in force, a scalar. */
  readonly learningRate: SymbolicTensor;
  /** The number of this update, from 1, a scalar. */
  readonly step: SymbolicTensor;
  /** Path of the weight in its model, such as `dense/kernel`. */
  readonly path: string;
}

/** What an update gives. */
export interface Updated {
  /** The weight from now on, of the same shape. */
  readonly weight: SymbolicTensor;
  /** What to keep for the next update, by name, of the same shapes. */
  readonly state?: Readonly<Record<string, SymbolicTensor>>;
}

/** What is kept for a weight, by name: shapes of tensors that are zero at first, or `'weight'` for a copy of the weight. */
export type StateShapes = Readonly<Record<string, readonly number[] | 'weight'>>;

/** What of an optimizer an update of its own is. */
export interface OwnUpdate {
  readonly name: string;
  state?(shape: readonly number[], path: string): StateShapes;
  update?(of: UpdateArguments): Updated;
}

type State = [name: string, shape: readonly number[] | 'weight'][];

/** What optimizers said of weights: they are asked once. */
const states = new WeakMap<OwnUpdate, WeakMap<Weight, State>>();

/** Names and shapes of what is kept for a weight. */
function stateOf(of: OwnUpdate, weight: Weight): State {
  const known = states.get(of) ?? new WeakMap<Weight, State>();
  states.set(of, known);
  const state = known.get(weight) ?? askedState(of, weight);
  known.set(weight, state);
  return state;
}

function askedState(of: OwnUpdate, { shape, path }: Weight): State {
  const what = `state of optimizer '${of.name}'`;
  const state = of.state?.([...shape], path) ?? {};
  if (!isPlain(state)) throw argumentError(what, 'an object of shapes by name', state);
  const isShape = (sizes: unknown): boolean =>
    sizes === 'weight' ||
    (Array.isArray(sizes) && Array.from(sizes).every((size) => Number.isSafeInteger(size) && size >= 0));
  for (const [name, sizes] of Object.entries(state)) {
    if (!isName(name)) throw argumentError(what, 'named', name);
    if (!isShape(sizes))
      throw argumentError(`'${name}' in the ${what}`, "a list of sizes or 'weight'", sizes);
  }
  return Object.entries(state);
}

/**
 * New state for a weight.
 * @throws {RidgelineError} `ERR_ARGUMENT` for something else than shapes by name, `ERR_MEMORY`.
 */
export const newState = (of: OwnUpdate, weight: Weight): NativeVariable[] =>
  stateOf(of, weight).map(([name, shape]) =>
    guard(() => {
      const path = `${weight.path}/${name}`;
      if (shape === 'weight') return native.NativeVariable.like(path, weight.variable);
      return native.NativeVariable.zeros(path, [...shape]);
    }),
  );

/**
 * The update of a weight, traced.
 * @throws {RidgelineError} `ERR_ARGUMENT` or `ERR_SHAPE` for something else than the new weight and state, and what the
 *   update throws.
 */
export function tracedUpdate(of: OwnUpdate, weight: Weight): NativeTraced {
  const shapeOf = (shape: readonly number[] | 'weight'): readonly number[] =>
    shape === 'weight' ? weight.shape : shape;
  const state = stateOf(of, weight).map(([name, shape]) => [name, shapeOf(shape)] as const);
  const inputs = [
    ['weight', weight.shape],
    ['gradient', weight.shape],
    ['learningRate', []],
    ['step', []],
    ...state,
  ] as const;
  const update = (given: SymbolicTensor[]): SymbolicTensor[] => {
    const [before, gradient, learningRate, step, ...kept] = given as [
      SymbolicTensor,
      SymbolicTensor,
      SymbolicTensor,
      SymbolicTensor,
      ...SymbolicTensor[],
    ];
    const byName = Object.fromEntries(state.map(([name], i) => [name, kept[i] as SymbolicTensor]));
    const { path } = weight;
    const updated = of.update?.({ weight: before, gradient, state: byName, learningRate, step, path });
    if (!isPlain(updated)) throw argumentError('the update', '{ weight, state }', updated);
    const next = updated.state ?? {};
    if (!isPlain(next)) throw argumentError('the state', 'an object of tensors by name', next);
    const unknown = Object.keys(next).find((name) => !Object.hasOwn(byName, name));
    if (unknown !== undefined)
      throw argumentError('the state', Object.keys(byName).join(', ') || 'left out', unknown);
    return [
      alike('the weight', updated.weight, weight.shape),
      ...state.map(([name, shape]) => alike(`the state '${name}'`, next[name], shape)),
    ];
  };
  return within(`optimizer '${of.name}', update of '${weight.path}'`, () =>
    traced(`update of ${weight.path}`, inputs, update),
  );
}
