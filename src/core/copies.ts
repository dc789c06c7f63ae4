/**
 * Copies of the memory of weights, made on another thread and all between the same two training steps.
 */
import { guard, type NativeVariable, native, succeeded } from '../native.js';
import type { Weight } from './weight.js';

/**
 * Gives each variable of `to` the contents of the one of `from` in its place.
 * @throws {RidgelineError} `ERR_SHAPE` when they are not alike; nothing is written then.
 */
export async function copyVariables(
  from: readonly NativeVariable[],
  to: readonly NativeVariable[],
): Promise<void> {
  succeeded(await guard(() => native.copyVariables([...from], [...to])));
}

/**
 * Swaps the contents of each variable of `these` and the one of `those` in its place.
 * @throws {RidgelineError} `ERR_SHAPE` when they are not alike; nothing is written then.
 */
export async function swapVariables(
  these: readonly NativeVariable[],
  those: readonly NativeVariable[],
): Promise<void> {
  succeeded(await guard(() => native.swapVariables([...these], [...those])));
}

/**
 * Copies of weights, to come back to.
 * @throws {RidgelineError} `ERR_MEMORY`.
 */
export async function copiesOf(weights: readonly Weight[]): Promise<NativeVariable[]> {
  const copies = weights.map(({ name, shape }) => guard(() => native.NativeVariable.zeros(name, [...shape])));
  await copyVariables(
    weights.map(({ variable }) => variable),
    copies,
  );
  return copies;
}
